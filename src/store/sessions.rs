//! Sessions of signed-in browsers.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::happened::Happened;
use super::scope::UserScope;
use super::sql::{Script, params};
use super::transaction::Tx;
use super::users::lock;
use super::{Result, Store};
use crate::domain::{Amr, EnvironmentId, EnvironmentKind, EventType, PartnerId, SessionId, Token, UserId};

/// A session that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id, which is also inside its cookie.
    pub id: SessionId,
    /// SHA-256 of its cookie.
    pub hash: [u8; 32],
    /// Its absolute end (90 days).
    pub expires_at: Timestamp,
}

/// A session that is alive.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What it reaches.
    pub scope: UserScope,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// How it was born.
    pub amr: Amr,
    /// When.
    pub auth_time: Timestamp,
    /// When it was last used, to within an hour.
    pub seen_at: Timestamp,
}

const FIND: &str = "
    select session.hash, session.environment_id, environment.kind, session.user_id, session.partner_id, session.amr,
        session.auth_time, session.seen_at
    from sessions session
    join environments environment on environment.id = session.environment_id
    join users account on account.id = session.user_id and account.status in ('linked', 'verified')
    where session.id = :id and session.ended_at is null and session.expires_at > :now and session.seen_at > :idle_since
        and session.auth_time >= account.valid_after
        and not exists (
            select 1 from source_ends ended
            where ended.user_id = session.user_id and ended.source_id = session.partner_id
                and ended.valid_after > session.auth_time)";

const SEEN: &str = "update sessions set seen_at = :now where id = :id and ended_at is null";
const END: &str =
    "update sessions set ended_at = :now where id = :id and environment_id = :environment and ended_at is null";
const END_ALL: &str = "
    update users set valid_after = :valid_after, updated_at = :now
    where id = :user and environment_id = :environment and valid_after < :valid_after";

// What was born of one source ends what that source brought, and not what the person signed in to otherwise.
const END_SOURCE: &str = "
    insert into source_ends (user_id, source_id, environment_id, valid_after)
    values (:user, :source, :environment, :valid_after)
    on conflict (user_id, source_id) do update set valid_after = excluded.valid_after
        where source_ends.valid_after < excluded.valid_after";

impl Store {
    /// The live session of a cookie. `idle_since` is the oldest last use that still counts.
    pub async fn session(&self, cookie: &Token, now: Timestamp, idle_since: Timestamp) -> Result<Option<Session>> {
        let id = SessionId(cookie.id());
        let found = self
            .one(FIND, &params![id: id.0, now: now, idle_since: idle_since], |row| {
                let amr = row.word(5, Amr::parse)?;
                let session = Session {
                    id,
                    scope: UserScope {
                        environment: EnvironmentId(row.id(1)?),
                        user: UserId(row.id(3)?),
                        partner: row.opt_id(4)?.map(PartnerId),
                        user_key: None,
                        app: None,
                        amr,
                    },
                    kind: row.word(2, EnvironmentKind::parse)?,
                    amr,
                    auth_time: row.time(6)?,
                    seen_at: row.time(7)?,
                };
                Ok((row.bytes(0)?, session))
            })
            .await?;
        Ok(found
            .filter(|(hash, _)| cookie.matches(hash))
            .map(|(_, session)| session))
    }

    /// Notes that a session was used.
    pub async fn touch_session(&self, session: &Session, now: Timestamp) -> Result<()> {
        self.run(Script::default().then(SEEN, params![now: now, id: session.id.0]))
            .await?;
        Ok(())
    }

    /// Ends one session.
    pub async fn end_session(&self, session: &Session, now: Timestamp) -> Result<()> {
        let (id, scope) = (session.id, session.scope);
        self.transact(move |tx| {
            async move {
                let ended = params![now: now, id: id.0, environment: scope.environment.0];
                if tx.execute(END, &ended).await? > 0 {
                    let data = json!({ "user_id": scope.user, "session_id": id, "reason": "log_out" });
                    revoked(tx, id.0, scope.environment, scope.user, data, now).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Log-out everywhere: every session and token of the user that was born before `now` ends; of a session that was
    /// born of a partner, those that this partner brought.
    pub async fn end_all_sessions(&self, scope: &UserScope, now: Timestamp) -> Result<()> {
        let (scope, until_held) = (*scope, self.until_held(now));
        self.transact(move |tx| {
            async move {
                lock(tx, scope.user).await?;
                let valid_after = until_held();
                let ended = if let Some(source) = scope.source() {
                    let of_source = params![
                        user: scope.user.0, source: source, environment: scope.environment.0, valid_after: valid_after,
                    ];
                    tx.execute(END_SOURCE, &of_source).await?
                } else {
                    let all = params![
                        valid_after: valid_after, now: now, user: scope.user.0, environment: scope.environment.0,
                    ];
                    tx.execute(END_ALL, &all).await?
                };
                if ended > 0 {
                    ended_all(tx, scope.environment, scope.user, "log_out_everywhere", now).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

/// Tells that everything that was signed in to a user has ended, and why.
pub(super) async fn ended_all(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let data = json!({ "user_id": user, "session_id": null, "reason": why });
    revoked(tx, user.0, environment, user, data, now).await
}

/// A session, or all of a user's, ended before its time.
pub(super) async fn revoked(
    tx: &Tx<'_>,
    subject: Uuid,
    environment: EnvironmentId,
    user: UserId,
    data: Value,
    now: Timestamp,
) -> Result<()> {
    let event = Happened::to(subject, EventType::SessionRevoked, environment, data, now);
    tx.emit(event.about(user)).await
}
