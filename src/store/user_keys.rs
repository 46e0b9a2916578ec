//! Further API keys of a partner's users.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::partner_users::NewUserKey;
use super::scope::PartnerScope;
use super::sql::params;
use super::{Result, Store};
use crate::domain::{PartnerUserId, UserId, WrappUserId};

/// A new key was stored for the partner's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedUserKey {
    /// The user.
    pub user: UserId,
    /// The partner's pairwise id of it.
    pub wrapp_user: WrappUserId,
}

const FIND: &str = "
    select link.user_id, link.id
    from identities link join users account on account.id = link.user_id and account.status in ('linked', 'verified')
    where link.source_id = :partner and link.kind = 'partner_user' and link.kind not in ('email', 'phone')
        and link.key = :name and link.environment_id = :environment";
const ADD: &str = "
    insert into user_keys (id, environment_id, user_id, partner_id, hash, hint, created_at)
    values (:id, :environment, :user, :partner, :hash, :hint, :now)";

impl Store {
    /// Stores another key for the partner's user; `None` if it has no such user that may sign in.
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
                let issued = |row: &super::sql::Row<'_>| {
                    Ok(IssuedUserKey {
                        user: UserId(row.id(0)?),
                        wrapp_user: WrappUserId(row.id(1)?),
                    })
                };
                let Some(found) = tx.one(FIND, &named, issued).await? else {
                    return Ok((None, None));
                };
                // Whoever erases or suspends the user meanwhile comes before or after, never between.
                tx.lock(&[b"user", &found.user.bytes()]).await?;
                let Some(issued) = tx.one(FIND, &named, issued).await? else {
                    return Ok((None, None));
                };
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
}
