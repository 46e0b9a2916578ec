//! Families of refresh tokens: what one log-in may go on with.
//!
//! One token at a time is good, and works once. A caller that lost the answer may ask again with the spent one for a
//! minute, as long as nobody used what was answered; any other use of a spent token means that two hold it, and ends the
//! family. Nobody but the app of the log-in may use one, and all that ends the user's other tokens ends these.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::happened::Happened;
use super::scope::AppScope;
use super::sql::{Script, params};
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{Amr, DeviceId, EventType, FamilyId, RefreshToken, UserId};

/// A log-in that may go on.
#[derive(Clone)]
pub struct NewFamily {
    /// Its id.
    pub id: FamilyId,
    /// Who logged in.
    pub user: UserId,
    /// How.
    pub amr: Amr,
    /// What carried the proof: `whatsapp`, `google`, …
    pub provider: &'static str,
    /// The moment that tokens of this log-in say they were made at.
    pub since: Timestamp,
    /// Its first token.
    pub first: RefreshToken,
    /// The device whose hold it waits for, if it does.
    pub hold: Option<DeviceId>,
}

/// Whose family a token was of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: FamilyId,
    /// Who logged in.
    pub user: UserId,
    /// How.
    pub amr: Amr,
    /// What carried the proof: `whatsapp`, `google`, …
    pub provider: String,
    /// When the person gave the proof.
    pub auth_time: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The device whose hold it waits for, if it does, or did.
    pub hold: Option<DeviceId>,
}

/// What became of a refresh token that somebody presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// It is spent, and its successor is good.
    Rotated(Family),
    /// It was spent before: two hold it. The family has ended.
    Reused(Family),
    /// Unknown, expired, of another app, of a family or user that has ended: one answer for all.
    Refused,
}

const ADD_FAMILY: &str = "
    insert into token_families (id, environment_id, user_id, app_id, amr, provider, auth_time, created_at, expires_at,
        hold_id)
    values (:id, :environment, :user, :app, :amr, :provider, :auth_time, :now, :expires_at, :hold)";
const ADD_TOKEN: &str = "
    insert into refresh_tokens (id, environment_id, family_id, hash, created_at, expires_at)
    values (:id, :environment, :family, :hash, :now, :expires_at)";
const FAMILY_OF: &str = "
    select family_id, hash from refresh_tokens where id = :id and environment_id = :environment and expires_at > :now";
const TOKEN: &str = "
    select token.used_at, successor.id, successor.used_at
    from refresh_tokens token left join refresh_tokens successor on successor.id = token.successor_id
    where token.id = :id";
// Whatever ends a user's other tokens ends these: a lock, a log-out everywhere, the end of the app.
const ALIVE: &str = "
    select family.user_id, family.amr, family.provider, family.auth_time, family.expires_at, family.hold_id
    from token_families family
    join users account on account.id = family.user_id and account.status in ('linked', 'verified')
    join apps app on app.id = family.app_id and app.revoked_at is null
    where family.id = :family and family.app_id = :app and family.environment_id = :environment
        and family.ended_at is null and family.expires_at > :now and family.auth_time >= account.valid_after";
const SPEND: &str = "
    update refresh_tokens set used_at = coalesce(used_at, :now), successor_id = :successor where id = :id";
// Spent without a successor: whoever presents it holds what was taken back.
const TAKE_BACK: &str = "update refresh_tokens set used_at = :now where id = :id and used_at is null";
const END: &str = "
    update token_families set ended_at = :now
    where id = :family and app_id = :app and environment_id = :environment and ended_at is null";

impl Store {
    /// Begins a family with its first token.
    pub async fn begin_family(&self, scope: &AppScope, new: NewFamily, now: Timestamp) -> Result<()> {
        let environment = scope.environment.0;
        let ends_at = RefreshToken::family_end(now);
        let family = params![
            id: new.id.0, environment: environment, user: new.user.0, app: scope.app.0, amr: new.amr.as_str(),
            provider: new.provider, auth_time: new.since, now: now, expires_at: ends_at,
            hold: new.hold.map(|hold| hold.0),
        ];
        let token = params![
            id: new.first.id(), environment: environment, family: new.id.0, hash: new.first.hash().to_vec(), now: now,
            expires_at: RefreshToken::end(now, ends_at),
        ];
        let script = Script::default().then(ADD_FAMILY, family).then(ADD_TOKEN, token);
        self.run(script).await?;
        Ok(())
    }

    /// Spends a refresh token and makes `successor` good. Of two who present one token at once both are answered, as
    /// one caller that lost an answer would be, and one successor is good.
    pub async fn rotate_refresh_token(
        &self,
        scope: &AppScope,
        token: RefreshToken,
        successor: RefreshToken,
        now: Timestamp,
    ) -> Result<Refreshed> {
        let scope = *scope;
        self.transact(move |tx| async move { rotate(tx, &scope, &token, &successor, now).await }.boxed())
            .await
    }

    /// Ends a family: a log-out. False if it had ended, or is not the app's.
    pub async fn end_family(&self, scope: &AppScope, family: FamilyId, now: Timestamp) -> Result<bool> {
        let params = params![now: now, family: family.0, app: scope.app.0, environment: scope.environment.0];
        let changed = self.run(Script::default().then(END, params)).await?;
        Ok(changed.first().is_some_and(|rows| *rows > 0))
    }
}

async fn rotate(
    tx: &Tx<'_>,
    scope: &AppScope,
    token: &RefreshToken,
    successor: &RefreshToken,
    now: Timestamp,
) -> Result<Refreshed> {
    let environment = scope.environment.0;
    let presented = params![id: token.id(), environment: environment, now: now];
    let found = tx
        .one(FAMILY_OF, &presented, |row| Ok((FamilyId(row.id(0)?), row.bytes(1)?)))
        .await?;
    let Some((id, _)) = found.filter(|(_, hash)| token.matches(hash)) else {
        return Ok(Refreshed::Refused);
    };
    tx.lock(&[b"family", &id.bytes()]).await?;
    let whose = params![family: id.0, app: scope.app.0, environment: environment, now: now];
    let family = tx
        .one(ALIVE, &whose, |row| {
            Ok(Family {
                id,
                user: UserId(row.id(0)?),
                amr: row.word(1, Amr::parse)?,
                provider: row.text(2)?,
                auth_time: row.time(3)?,
                expires_at: row.time(4)?,
                hold: row.opt_id(5)?.map(DeviceId),
            })
        })
        .await?;
    let Some(family) = family else {
        return Ok(Refreshed::Refused);
    };
    let before = tx
        .one(TOKEN, &params![id: token.id()], |row| {
            Ok((row.opt_time(0)?, row.opt_id(1)?, row.opt_time(2)?))
        })
        .await?;
    match before {
        None => return Ok(Refreshed::Refused),
        Some((None, _, _)) => {}
        // The answer may have been lost, if nobody has used it.
        Some((Some(spent_at), Some(unused), None)) if RefreshToken::may_be_asked_again(spent_at, now) => {
            tx.execute(TAKE_BACK, &params![now: now, id: unused]).await?;
        }
        Some((Some(_), _, _)) => {
            let ended = params![now: now, family: id.0, app: scope.app.0, environment: environment];
            tx.execute(END, &ended).await?;
            let data = json!({ "user_id": family.user, "app_id": scope.app, "amr": family.amr.as_str() });
            let event = Happened::to(id.0, EventType::TokenReuseDetected, scope.environment, data, now);
            tx.emit(event.about(family.user)).await?;
            return Ok(Refreshed::Reused(family));
        }
    }
    let spend = params![now: now, successor: successor.id(), id: token.id()];
    tx.execute(SPEND, &spend).await?;
    let next = params![
        id: successor.id(), environment: environment, family: id.0, hash: successor.hash().to_vec(), now: now,
        expires_at: RefreshToken::end(now, family.expires_at),
    ];
    tx.execute(ADD_TOKEN, &next).await?;
    Ok(Refreshed::Rotated(family))
}
