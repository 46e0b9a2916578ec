//! API keys of a partner's users, beside those that come with them: made, listed, revoked.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use serde_json::json;

use super::audit::{Entry, audit};
use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::partner_users::NewUserKey;
use super::scope::{AdminScope, PartnerScope, UsersScope};
use super::sql::{Row, params};
use super::users::lock;
use super::{Result, Store};
use crate::domain::{EnvironmentId, PartnerId, PartnerUserId, UserId, UserKeyId, WrappUserId};

/// Keys of one user that one partner can hold at once. One more ends the oldest: a partner that lost its keys, or makes
/// one for each call, always has those that it made last.
pub const MOST_USER_KEYS: i64 = 10;

/// A new key was stored for the partner's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedUserKey {
    /// The user.
    pub user: UserId,
    /// The partner's pairwise id of it.
    pub wrapp_user: WrappUserId,
}

/// A key that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserKeyRow {
    /// Its id.
    pub id: UserKeyId,
    /// Who holds it.
    pub partner: PartnerId,
    /// The holder's name.
    pub partner_name: String,
    /// Its first and last characters.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
}

const FIND: &str = "
    select link.user_id, link.id
    from identities link join users account on account.id = link.user_id and account.status in ('linked', 'verified')
    where link.source_id = :partner and link.kind = 'partner_user' and link.kind not in ('email', 'phone')
        and link.key = :name and link.environment_id = :environment";
const ADD: &str = "
    insert into user_keys (id, environment_id, user_id, partner_id, hash, hint, created_at)
    values (:id, :environment, :user, :partner, :hash, :hint, :now)";
const END_OLDEST: &str = "
    update user_keys set revoked_at = :now
    where user_id = :user and partner_id = :partner and revoked_at is null and id not in (
        select id from user_keys where user_id = :user and partner_id = :partner and revoked_at is null
        order by id desc limit :kept)";
const OF_PARTNERS_USER: &str = "
    select key.id, key.partner_id, partner.name, key.hint, key.created_at
    from user_keys key join partners partner on partner.id = key.partner_id
    where key.user_id = :user and key.partner_id = :partner and key.revoked_at is null order by key.id desc";
const OF_USER: &str = "
    select key.id, key.partner_id, partner.name, key.hint, key.created_at
    from user_keys key join partners partner on partner.id = key.partner_id
    where key.user_id = :user and key.environment_id = :environment and key.revoked_at is null order by key.id desc";
const REVOKE_PARTNERS: &str = "
    update user_keys set revoked_at = :now
    where id = :id and environment_id = :environment and partner_id = :partner and revoked_at is null
    returning environment_id, user_id, partner_id";
const REVOKE: &str = "
    update user_keys set revoked_at = :now where id = :id and revoked_at is null
    returning environment_id, user_id, partner_id";

impl Store {
    /// Stores another key for the partner's user; `None` if it has no such user that may sign in. Of more than
    /// [`MOST_USER_KEYS`] the oldest end.
    pub async fn issue_user_key(
        &self,
        scope: &PartnerScope,
        partner_user_id: PartnerUserId,
        key: NewUserKey,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<Option<IssuedUserKey>>> {
        let scope = *scope;
        self.transact_once(scope.environment, claim, now, move |tx| {
            async move {
                let (partner, environment) = (scope.partner.0, scope.environment.0);
                let named = params![partner: partner, name: partner_user_id.as_str(), environment: environment];
                let issued = |row: &Row<'_>| {
                    Ok(IssuedUserKey {
                        user: UserId(row.id(0)?),
                        wrapp_user: WrappUserId(row.id(1)?),
                    })
                };
                let Some(found) = tx.one(FIND, &named, issued).await? else {
                    return Ok((None, None));
                };
                // Whoever erases or suspends the user meanwhile comes before or after, never between.
                lock(tx, found.user).await?;
                let Some(issued) = tx.one(FIND, &named, issued).await? else {
                    return Ok((None, None));
                };
                let oldest = params![
                    now: now, user: issued.user.0, partner: partner, kept: MOST_USER_KEYS - 1,
                ];
                tx.execute(END_OLDEST, &oldest).await?;
                let added = params![
                    id: key.id.0, environment: environment, user: issued.user.0, partner: partner, hash: &key.hash[..],
                    hint: key.hint.as_str(), now: now,
                ];
                tx.execute(ADD, &added).await?;
                let saved = SavedAnswer {
                    status: 200,
                    body: None,
                    resource: Some(key.id.0),
                };
                Ok((Some(issued), Some(saved)))
            }
            .boxed()
        })
        .await
    }

    /// The keys that the partner holds for its user, newest first; `None` if it has no such user that may sign in.
    pub async fn partners_user_keys(
        &self,
        scope: &PartnerScope,
        partner_user_id: &PartnerUserId,
    ) -> Result<Option<Vec<UserKeyRow>>> {
        let partner = scope.partner.0;
        let named = params![partner: partner, name: partner_user_id.as_str(), environment: scope.environment.0];
        let Some(user) = self.one(FIND, &named, |row| row.id(0)).await? else {
            return Ok(None);
        };
        let keys = params![user: user, partner: partner];
        self.all(OF_PARTNERS_USER, &keys, read).await.map(Some)
    }

    /// The keys that partners hold for a user, newest first.
    pub async fn user_keys(&self, scope: impl Into<UsersScope>, user: UserId) -> Result<Vec<UserKeyRow>> {
        let keys = params![user: user.0, environment: scope.into().environment.0];
        self.all(OF_USER, &keys, read).await
    }

    /// Ends a key that the partner holds, and every token made from it; answers whose it was, or `None` if there is none
    /// (any more).
    pub async fn revoke_partners_user_key(
        &self,
        scope: &PartnerScope,
        admin: &AdminScope,
        key: UserKeyId,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let holder = Some((scope.environment, scope.partner));
        Ok(self.end_user_key(admin, holder, key, now).await?.map(|(_, user)| user))
    }

    /// Ends a key, whoever holds it; answers whose it was and where, or `None` if there is none (any more).
    pub async fn revoke_user_key(
        &self,
        admin: &AdminScope,
        key: UserKeyId,
        now: Timestamp,
    ) -> Result<Option<(EnvironmentId, UserId)>> {
        self.end_user_key(admin, None, key, now).await
    }

    async fn end_user_key(
        &self,
        admin: &AdminScope,
        holder: Option<(EnvironmentId, PartnerId)>,
        key: UserKeyId,
        now: Timestamp,
    ) -> Result<Option<(EnvironmentId, UserId)>> {
        let admin = admin.clone();
        self.transact(move |tx| {
            async move {
                let ended = |row: &Row<'_>| Ok((EnvironmentId(row.id(0)?), UserId(row.id(1)?), PartnerId(row.id(2)?)));
                let ended = match holder {
                    Some((environment, partner)) => {
                        let own = params![now: now, id: key.0, environment: environment.0, partner: partner.0];
                        tx.one(REVOKE_PARTNERS, &own, ended).await?
                    }
                    None => tx.one(REVOKE, &params![now: now, id: key.0], ended).await?,
                };
                let Some((environment, user, partner)) = ended else {
                    return Ok(None);
                };
                let entry = Entry::of("user_key.revoked", environment, key);
                let entry = entry.saying(json!({ "user": user, "partner": partner }));
                audit(tx, &admin, entry, now).await?;
                Ok(Some((environment, user)))
            }
            .boxed()
        })
        .await
    }
}

fn read(row: &Row<'_>) -> Result<UserKeyRow> {
    Ok(UserKeyRow {
        id: UserKeyId(row.id(0)?),
        partner: PartnerId(row.id(1)?),
        partner_name: row.text(2)?,
        hint: row.text(3)?,
        created_at: row.time(4)?,
    })
}
