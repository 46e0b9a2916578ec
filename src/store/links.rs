//! Login links and the one-time codes that their redemption hands to a return URL.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::scope::ServerScope;
use super::sessions::{NewSession, revoked};
use super::sql::params;
use super::{Engine, Result, Store};
use crate::domain::{
    Amr, EnvironmentId, EnvironmentKind, EventId, LoginLinkId, PartnerId, SessionId, Token, UserId, WrappUserId,
};

/// A login link that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewLoginLink {
    /// Its id, which is also inside its token.
    pub id: LoginLinkId,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// When it ends.
    pub expires_at: Timestamp,
    /// The caller's value, handed back with the code.
    pub state: Option<String>,
    /// The S256 challenge that the exchange has to meet.
    pub code_challenge: Option<String>,
    /// Where to go after redemption, if not to the environment's default; checked to be registered.
    pub return_url: Option<String>,
}

/// What the page of a usable link shows. Nobody's credential: holding the link is the proof.
#[derive(Debug, Clone)]
pub struct LinkPreview {
    /// The data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// The organization's name.
    pub organization: String,
    /// The partner that sent the person.
    pub partner_id: PartnerId,
    /// Its name.
    pub partner: String,
    /// The user it logs in.
    pub user: UserId,
    /// The e-mail that the partner gave, to be masked.
    pub email: String,
    /// The caller's value.
    pub state: Option<String>,
    /// Where to go, if the caller said so.
    pub return_url: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A one-time code that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewOneTimeCode {
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// Where it will be sent; it is stored, so that the code is bound to it.
    pub return_url: String,
    /// When it ends (60 s).
    pub expires_at: Timestamp,
}

/// A click on a login link.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// The time of the click.
    pub now: Timestamp,
    /// The link's id, from its token.
    pub link: LoginLinkId,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The session to begin.
    pub session: NewSession,
    /// The code for the return URL, if there is one.
    pub code: Option<NewOneTimeCode>,
    /// A session of this browser that the new one takes the place of.
    pub replaces: Option<SessionId>,
    /// `login.succeeded`.
    pub event: EventId,
    /// Its final raw body. It holds ids alone, so it is not found by user: an index would cost every log-in a random
    /// write, and an erasure has nothing to take out of it.
    pub event_body: Vec<u8>,
}

/// A session has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemed {
    /// Whose session it is.
    pub user: UserId,
}

/// What became of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedemptionOutcome {
    /// A session has begun; nobody else gets one from this link.
    Redeemed(Redeemed),
    /// The link is used, expired, or was never made, or its user is locked.
    Gone,
}

/// Who was logged in, for the organization's back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangedLogin {
    /// The user: what the back end should key on.
    pub user: UserId,
    /// The partner that sent the person.
    pub partner: PartnerId,
    /// Its name.
    pub partner_name: String,
    /// Its own id of the user.
    pub partner_user_id: String,
    /// Its pairwise id.
    pub wrapp_user: WrappUserId,
    /// The e-mail that the partner gave.
    pub email: String,
    /// Whether this user has proven that e-mail.
    pub email_verified: bool,
    /// How the session was born.
    pub amr: Amr,
    /// When.
    pub auth_time: Timestamp,
}

/// What became of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// The code was good and is now spent.
    LoggedIn(ExchangedLogin),
    /// Wrong, expired, foreign, its session has ended, or its verifier does not meet the challenge.
    Refused,
    /// The code had been exchanged before; its session has been ended.
    Reused,
}

const PREVIEW: &str = "
    select link.hash, link.environment_id, environment.kind, organization.name, partner.name, link.user_id, claim.shown,
        link.state, link.return_url, link.expires_at, claim.updated_at, claim.id, link.partner_id
    from login_links link
    join environments environment on environment.id = link.environment_id
    join organizations organization on organization.id = environment.organization_id
    join partners partner on partner.id = link.partner_id
    join users account on account.id = link.user_id and account.status in ('linked', 'verified')
    join identities claim on claim.user_id = link.user_id and claim.kind = 'email' and claim.source_id = link.partner_id
    where link.id = :id and link.used_at is null and link.expires_at > :now and link.created_at >= account.valid_after";

const EXCHANGED: &str = "
    select link.user_id, link.partner_id, partner.name, name.shown, name.id, claim.shown, session.amr, session.auth_time,
        cast((select count(*) from identities proof where proof.user_id = link.user_id and proof.kind = 'email'
            and proof.key = claim.key and proof.state = 'verified') as bigint),
        claim.updated_at, claim.id
    from login_links link
    join partners partner on partner.id = link.partner_id
    join sessions session on session.id = link.session_id
    join identities name on name.user_id = link.user_id and name.kind = 'partner_user' and name.source_id = link.partner_id
    join identities claim on claim.user_id = link.user_id and claim.kind = 'email' and claim.source_id = link.partner_id
    where link.id = :id and link.environment_id = :environment";

const END_SESSION_OF_CODE: &str = "
    update sessions set ended_at = :now
    where id = (select session_id from login_links where id = :id) and ended_at is null
    returning id, environment_id, user_id";

/// What an engine's part of an exchange decides.
pub(super) enum CodeSpent {
    Spent,
    Refused,
    Reused,
}

/// A code as an engine's part of an exchange compares it.
pub(super) struct CodeToSpend {
    pub link: LoginLinkId,
    pub environment: EnvironmentId,
    pub hash: [u8; 32],
    pub verifier: Option<String>,
    pub now: Timestamp,
}

/// What the row of a code says, and the one rule that decides on it, the same on both engines.
pub(super) struct StoredCode {
    pub environment: EnvironmentId,
    pub hash: Option<Vec<u8>>,
    pub challenge: Option<String>,
    pub expires_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
}

impl CodeToSpend {
    pub fn decide(&self, stored: &StoredCode) -> CodeSpent {
        let known = stored
            .hash
            .as_ref()
            .is_some_and(|hash| aboard_vault::constant_time_eq(hash, &self.hash));
        if !known || stored.environment != self.environment {
            return CodeSpent::Refused;
        }
        if stored.used_at.is_some() {
            return CodeSpent::Reused;
        }
        let alive = stored.expires_at.is_some_and(|end| end > self.now);
        let met = match (&stored.challenge, &self.verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => crate::domain::CodeChallenge::is_met(challenge, verifier),
            // A verifier without a challenge means that the link was not made for this exchange.
            (None, Some(_)) | (Some(_), None) => false,
        };
        if alive && met {
            CodeSpent::Spent
        } else {
            CodeSpent::Refused
        }
    }
}

impl Store {
    /// What the page of a link shows; `None` if the link cannot be used (any more). Changes nothing.
    pub async fn preview_login_link(&self, token: &Token, now: Timestamp) -> Result<Option<LinkPreview>> {
        let found = self
            .newest(PREVIEW, &params![id: token.id(), now: now], |row| {
                let preview = LinkPreview {
                    environment: EnvironmentId(row.id(1)?),
                    kind: row.word(2, EnvironmentKind::parse)?,
                    organization: row.text(3)?,
                    partner_id: PartnerId(row.id(12)?),
                    partner: row.text(4)?,
                    user: UserId(row.id(5)?),
                    email: row.text(6)?,
                    state: row.opt_text(7)?,
                    return_url: row.opt_text(8)?,
                    expires_at: row.time(9)?,
                };
                Ok((row.time(10)?, row.id(11)?, (row.bytes(0)?, preview)))
            })
            .await?;
        Ok(found
            .filter(|(hash, _)| token.matches(hash))
            .map(|(_, preview)| preview))
    }

    /// Consumes a link and begins a session. Of any number of concurrent calls exactly one gets it.
    pub async fn redeem_login_link(&self, redemption: Redemption) -> Result<RedemptionOutcome> {
        let outcome = match &self.engine {
            Engine::Sqlite(engine) => engine.redeem_login_link(redemption).await?,
            Engine::Postgres(engine) => engine.redeem_login_link(redemption).await?,
        };
        if matches!(outcome, RedemptionOutcome::Redeemed(_)) {
            self.note_events();
        }
        Ok(outcome)
    }

    /// Spends a one-time code and answers who was logged in. A second exchange ends the session.
    pub async fn exchange_login_code(
        &self,
        scope: &ServerScope,
        code: &Token,
        verifier: Option<String>,
        now: Timestamp,
    ) -> Result<Exchange> {
        let link = LoginLinkId(code.id());
        let spend = CodeToSpend {
            link,
            environment: scope.environment,
            hash: code.hash(),
            verifier,
            now,
        };
        let decision = match &self.engine {
            Engine::Sqlite(engine) => engine.spend_login_code(spend).await?,
            Engine::Postgres(engine) => engine.spend_login_code(spend).await?,
        };
        match decision {
            CodeSpent::Refused => return Ok(Exchange::Refused),
            CodeSpent::Reused => {
                self.end_session_of_code(link, now).await?;
                return Ok(Exchange::Reused);
            }
            CodeSpent::Spent => {}
        }
        let login = self
            .newest(
                EXCHANGED,
                &params![id: link.0, environment: scope.environment.0],
                |row| {
                    let login = ExchangedLogin {
                        user: UserId(row.id(0)?),
                        partner: PartnerId(row.id(1)?),
                        partner_name: row.text(2)?,
                        partner_user_id: row.text(3)?,
                        wrapp_user: WrappUserId(row.id(4)?),
                        email: row.text(5)?,
                        amr: row.word(6, Amr::parse)?,
                        auth_time: row.time(7)?,
                        email_verified: row.int(8)? > 0,
                    };
                    Ok((row.time(9)?, row.id(10)?, login))
                },
            )
            .await?;
        Ok(login.map_or(Exchange::Refused, Exchange::LoggedIn))
    }

    /// A code that comes a second time was stolen, or what it was exchanged for was: its session ends.
    async fn end_session_of_code(&self, link: LoginLinkId, now: Timestamp) -> Result<()> {
        self.transact(move |tx| {
            async move {
                let ended = tx.one(END_SESSION_OF_CODE, &params![now: now, id: link.0], |row| {
                    Ok((row.id(0)?, EnvironmentId(row.id(1)?), UserId(row.id(2)?)))
                });
                let Some((session, environment, user)) = ended.await? else {
                    return Ok(());
                };
                let data = json!({ "user_id": user, "session_id": SessionId(session), "reason": "code_used_twice" });
                revoked(tx, session, environment, user, data, now).await
            }
            .boxed()
        })
        .await
    }
}
