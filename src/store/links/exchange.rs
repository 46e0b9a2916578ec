//! A one-time code is exchanged for who was logged in; one that comes twice ends the session.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use crate::domain::{Amr, CodeChallenge, EnvironmentId, LoginLinkId, PartnerId, SessionId, Token, UserId, WrappUserId};
use crate::store::scope::ServerScope;
use crate::store::sessions::revoked;
use crate::store::sql::params;
use crate::store::{Engine, Result, Store};

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
pub(in crate::store) enum CodeSpent {
    Spent,
    Refused,
    Reused,
}

/// A code as an engine's part of an exchange compares it.
pub(in crate::store) struct CodeToSpend {
    pub link: LoginLinkId,
    pub environment: EnvironmentId,
    pub hash: [u8; 32],
    pub verifier: Option<String>,
    pub now: Timestamp,
}

/// What the row of a code says, and the one rule that decides on it, the same on both engines.
pub(in crate::store) struct StoredCode {
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
            (Some(challenge), Some(verifier)) => CodeChallenge::is_met(challenge, verifier),
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
                let of_link = params![now: now, id: link.0];
                let ended = tx.one(END_SESSION_OF_CODE, &of_link, |row| {
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
