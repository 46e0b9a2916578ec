//! Pages of users.

use super::{User, gathered, read};
use crate::domain::{Email, PartnerUserId, Phone, UserId, Uuid};
use crate::store::scope::UsersScope;
use crate::store::sql::params;
use crate::store::{Result, Store};

/// Which users a page shows; all that is given has to fit.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Who has proven this e-mail, or was brought with it by the back end.
    pub email: Option<Email>,
    /// Likewise.
    pub phone: Option<Phone>,
    /// Whom a partner of the environment, or the back end itself, calls so.
    pub external_id: Option<PartnerUserId>,
}

/// A page of users, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// What the next page comes after; `None` on the last.
    pub next: Option<UserId>,
}

const LIST: &str = "
    select account.id, account.status, account.name, account.metadata, account.created_at, account.updated_at,
        claim.kind, claim.source, claim.id, claim.key, claim.shown, claim.state, claim.updated_at, claim.verified_at
    from (
        select * from users
        where environment_id = :environment and id < :before and status <> 'erased'
        order by id desc limit :limit) account
    left join identities claim on claim.user_id = account.id
        and (claim.kind in ('email', 'phone') or (claim.kind = 'partner_user' and claim.source = 'organization'))
    order by account.id desc";
// Each filter that is given names candidates by an index; an empty one names nobody, and holds for everybody. `cross
// join` keeps SQLite from walking the whole environment in the order of the page instead.
const FILTERED: &str = "
    select account.id, account.status, account.name, account.metadata, account.created_at, account.updated_at,
        claim.kind, claim.source, claim.id, claim.key, claim.shown, claim.state, claim.updated_at, claim.verified_at
    from (
        select users.* from (
                select user_id from identities
                where environment_id = :environment and kind = 'email' and key = :email
                    and state = 'verified' and kind in ('email', 'phone')
                union
                select user_id from identities
                where source_id = :environment and key = :email and source = 'organization' and kind = 'email'
                union
                select user_id from identities
                where environment_id = :environment and kind = 'phone' and key = :phone
                    and state = 'verified' and kind in ('email', 'phone')
                union
                select user_id from identities
                where source_id = :environment and key = :phone and source = 'organization' and kind = 'phone'
                union
                select user_id from identities
                where source_id in (select id from partners where environment_id = :environment)
                    and kind = 'partner_user' and kind not in ('email', 'phone') and key = :external_id
                union
                select user_id from identities
                where source_id = :environment and kind = 'partner_user' and kind not in ('email', 'phone')
                    and key = :external_id) candidate
        cross join users
        where users.id = candidate.user_id
            and users.environment_id = :environment and users.id < :before and users.status <> 'erased'
            and (cast(:email as text) = '' or exists (
                select 1 from identities named where named.user_id = users.id and named.kind = 'email' and named.key = :email
                    and (named.state = 'verified' or named.source = 'organization')))
            and (cast(:phone as text) = '' or exists (
                select 1 from identities named where named.user_id = users.id and named.kind = 'phone' and named.key = :phone
                    and (named.state = 'verified' or named.source = 'organization')))
            and (cast(:external_id as text) = '' or exists (
                select 1 from identities named where named.user_id = users.id and named.kind = 'partner_user'
                    and named.key = :external_id))
        order by users.id desc limit :limit) account
    left join identities claim on claim.user_id = account.id
        and (claim.kind in ('email', 'phone') or (claim.kind = 'partner_user' and claim.source = 'organization'))
    order by account.id desc";

impl Store {
    /// At most `limit` users of the environment that are older than `after`, newest first.
    pub async fn users(
        &self,
        scope: impl Into<UsersScope>,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<UserPage> {
        let environment = scope.into().environment.0;
        let before = after.map_or(Uuid::max(), |after| after.0);
        // One more than is shown says whether there are more.
        let most = i64::from(limit) + 1;
        let email = filter.email.as_ref().map(Email::key);
        let phone = filter.phone.as_ref().map(Phone::key);
        let external_id = filter.external_id.as_ref().map(PartnerUserId::as_str);
        let rows = if email.is_none() && phone.is_none() && external_id.is_none() {
            let params = params![environment: environment, before: before, limit: most];
            self.all(LIST, &params, read).await?
        } else {
            let params = params![
                environment: environment, before: before, limit: most, email: email.unwrap_or_default(),
                phone: phone.unwrap_or_default(), external_id: external_id.unwrap_or_default(),
            ];
            self.all(FILTERED, &params, read).await?
        };
        let mut users = gathered(rows);
        let more = users.len() > limit as usize;
        users.truncate(limit as usize);
        let next = users.last().filter(|_| more).map(|user| user.id);
        Ok(UserPage { users, next })
    }
}
