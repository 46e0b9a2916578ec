//! Login links and the one-time codes that their redemption hands to a return URL.

mod exchange;

use jiff::Timestamp;

pub(super) use self::exchange::{CodeSpent, CodeToSpend, StoredCode};
pub use self::exchange::{Exchange, ExchangedLogin};
use super::sessions::NewSession;
use super::sql::params;
use super::{Engine, Result, Store};
use crate::domain::{EnvironmentId, EnvironmentKind, EventId, LoginLinkId, PartnerId, SessionId, Token, UserId};

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

const PREVIEW: &str = "
    select link.hash, link.environment_id, environment.kind, organization.name, partner.name, link.user_id, claim.shown,
        link.state, link.return_url, link.expires_at, claim.updated_at, claim.id, link.partner_id
    from login_links link
    join environments environment on environment.id = link.environment_id
    join organizations organization on organization.id = environment.organization_id
    join partners partner on partner.id = link.partner_id
    join users account on account.id = link.user_id and account.status in ('linked', 'verified')
    join identities claim on claim.user_id = link.user_id and claim.kind = 'email' and claim.source_id = link.partner_id
    where link.id = :id and link.used_at is null and link.expires_at > :now and link.created_at >= account.valid_after
        and not exists (
            select 1 from source_ends ended
            where ended.user_id = link.user_id and ended.source_id = link.partner_id and ended.valid_after > link.created_at)";

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
}
