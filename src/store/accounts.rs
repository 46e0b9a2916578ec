//! What a person sees of their own account, and the plans of users.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, UserScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{EnvironmentId, SubscriptionStatus, UserId};

/// An account as its own person may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub user: UserId,
    /// The organization's name.
    pub organization: String,
    /// The person's name, if known; not for a session that was born of a partner.
    pub name: Option<String>,
    /// The partner that the session was born of.
    pub partner: Option<String>,
    /// E-mails and phones that this session may show.
    pub identities: Vec<AccountIdentity>,
}

/// An e-mail or phone of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIdentity {
    /// `email` or `phone`.
    pub kind: String,
    /// As it was given.
    pub shown: String,
    /// Whether this user has proven it.
    pub verified: bool,
}

/// A user's plan as the command line sets it.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// Its name.
    pub plan_name: String,
    /// Whether it is paid for.
    pub status: SubscriptionStatus,
    /// When the period ends.
    pub period_end: Timestamp,
    /// The next payment's amount with its currency, if known.
    pub next_payment_amount: Option<String>,
}

const ACCOUNT: &str = "
    select account.name, organization.name, partner.name
    from users account
    join environments environment on environment.id = account.environment_id
    join organizations organization on organization.id = environment.organization_id
    left join partners partner on partner.id = :partner
    where account.id = :user and account.environment_id = :environment";
// What was born of a partner or of the organization shows what that source brought and nothing else.
const IDENTITIES: &str = "
    select kind, shown, state, verified_at from identities
    where user_id = :user and environment_id = :environment and kind in ('email', 'phone')
        and (cast(:all_sources as bigint) = 1 or source_id = :source)
    order by kind, updated_at desc, id desc";
// An id that a join retired names the user that it lives on in; so below.
const SUBSCRIBE: &str = "
    insert into subscriptions (user_id, environment_id, plan_name, status, period_end, next_payment_amount, updated_at)
    select id, environment_id, :plan_name, :status, :period_end, :next_payment_amount, :now from users
    where id = coalesce(
            (select alias.user_id from user_aliases alias where alias.id = :user and alias.environment_id = :environment), :user)
        and environment_id = :environment
    on conflict (user_id) do update set plan_name = excluded.plan_name, status = excluded.status, period_end = excluded.period_end,
        next_payment_amount = excluded.next_payment_amount, updated_at = excluded.updated_at";
const SUSPEND: &str = "
    update users set status = 'suspended', updated_at = :now, valid_after = case when valid_after > :now then valid_after else :now end
    where id = coalesce(
            (select alias.user_id from user_aliases alias where alias.id = :user and alias.environment_id = :environment), :user)
        and environment_id = :environment and status <> 'erased'";
// What the user was before is not kept: it is verified if the person has proven anything. Sessions that the
// suspension ended stay ended.
const LET_IN: &str = "
    update users set
        status = case when status <> 'suspended' then status
            when exists (select 1 from identities proof
                where proof.user_id = users.id and proof.source = 'person' and proof.state = 'verified') then 'verified'
            else 'linked' end,
        valid_after = case when status = 'suspended' and valid_after < :now then :now else valid_after end,
        updated_at = case when status = 'suspended' then :now else updated_at end
    where id = coalesce(
            (select alias.user_id from user_aliases alias where alias.id = :user and alias.environment_id = :environment), :user)
        and environment_id = :environment and status <> 'erased'";

impl Store {
    /// The account behind a session.
    pub async fn account(&self, scope: &UserScope) -> Result<Option<Account>> {
        let user = scope.user;
        let partner = scope.partner.map(|partner| partner.0);
        let found = self
            .one(
                ACCOUNT,
                &params![partner: partner, user: user.0, environment: scope.environment.0],
                |row| Ok((row.opt_text(0)?, row.text(1)?, row.opt_text(2)?)),
            )
            .await?;
        let Some((name, organization, partner_name)) = found else {
            return Ok(None);
        };
        let params = params![
            user: user.0, environment: scope.environment.0,
            all_sources: i64::from(scope.source().is_none()), source: scope.source().unwrap_or_default(),
        ];
        // A name is the organization's word: a partner that signs its user in does not read it.
        let name = name.filter(|_| scope.partner.is_none());
        let identities = self
            .all(IDENTITIES, &params, |row| {
                Ok(AccountIdentity {
                    kind: row.text(0)?,
                    shown: row.text(1)?,
                    verified: row.text(2)? == "verified",
                })
            })
            .await?;
        Ok(Some(Account {
            user,
            organization,
            name,
            partner: partner_name,
            identities,
        }))
    }

    /// Sets a user's plan; false if the environment has no such user.
    pub async fn set_subscription(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        user: UserId,
        plan: NewSubscription,
        now: Timestamp,
    ) -> Result<bool> {
        let entry = Entry::of("subscription.set", environment, user);
        let entry = entry.saying(json!({ "status": plan.status.as_str() }));
        let params = params![
            plan_name: plan.plan_name, status: plan.status.as_str(), period_end: plan.period_end,
            next_payment_amount: plan.next_payment_amount, now: now, user: user.0, environment: environment.0,
        ];
        self.change(
            scope,
            entry.without_revision(),
            Script::default().then(SUBSCRIBE, params),
            now,
        )
        .await
    }

    /// Suspends a user (every session and token ends) or lets it in again, which changes nothing for one who
    /// is not suspended; false if there is no such user.
    pub async fn set_suspended(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        user: UserId,
        suspended: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let (change, action) = if suspended {
            (SUSPEND, "user.suspended")
        } else {
            (LET_IN, "user.resumed")
        };
        let entry = Entry::of(action, environment, user).without_revision();
        let params = params![now: now, user: user.0, environment: environment.0];
        self.change(scope, entry, Script::default().then(change, params), now)
            .await
    }
}
