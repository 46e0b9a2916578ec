//! A partner's own users: create or log in, look up, keys.

use jiff::Timestamp;

use super::idempotency::IdempotencyClaim;
use super::links::NewLoginLink;
use super::scope::{PartnerScope, UserScope};
use super::sql::params;
use super::{Engine, Result, Store};
use crate::domain::{
    Amr, ApiKey, DeliveryId, Email, EnvironmentId, EnvironmentKind, EventId, IdentityId, PartnerId, PartnerUserId,
    Phone, SubscriptionStatus, UserId, UserKeyId, WebhookSecretId, WrappUserId,
};

/// A user's key that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewUserKey {
    /// Its id, which is also inside its text.
    pub id: UserKeyId,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// What may be shown later.
    pub hint: String,
}

/// What tells the partner about a new user: its key, and the delivery that carries the key.
#[derive(Debug, Clone)]
pub struct NewPartnerWebhook {
    /// The delivery, and the job that sends it.
    pub delivery: DeliveryId,
    /// Where to.
    pub url: String,
    /// The partner's secret that signs it, kept for all its attempts.
    pub secret: WebhookSecretId,
    /// The three-key body, sealed because it holds the user's key.
    pub sealed_body: Vec<u8>,
    /// The user's key.
    pub user_key: NewUserKey,
}

/// All that a create-or-log-in may have to write. Ids come in as data; those of a new user are unused when
/// the user is known.
#[derive(Debug, Clone)]
pub struct ExternalLogin {
    /// The time of the call.
    pub now: Timestamp,
    /// The partner's id of the user: the only thing that says who it is.
    pub partner_user_id: PartnerUserId,
    /// A claim of the partner.
    pub email: Email,
    /// A claim of the partner.
    pub phone: Phone,
    /// The link to mint.
    pub link: NewLoginLink,
    /// The user, if new.
    pub user: UserId,
    /// The partner's identity row, if new: the partner's pairwise `wrapp_user_id`.
    pub wrapp_user: WrappUserId,
    /// The row of the e-mail claim, if new.
    pub email_identity: IdentityId,
    /// The row of the phone claim, if new.
    pub phone_identity: IdentityId,
    /// `user.created`, if new.
    pub event: EventId,
    /// The event's final raw body.
    pub event_body: Vec<u8>,
    /// The delivery to the partner, if it asked for one and the user is new.
    pub webhook: Option<NewPartnerWebhook>,
    /// The caller's `Idempotency-Key`.
    pub idempotency: Option<IdempotencyClaim>,
}

/// A link was minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedIn {
    /// The user that the link logs in.
    pub user: UserId,
    /// Whether this call created the user.
    pub created: bool,
    /// Whether the `Idempotency-Key` was used before with this very request.
    pub replayed: bool,
}

/// What became of an `external_login`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalLoginOutcome {
    /// A link was minted.
    LoggedIn(LoggedIn),
    /// The user is suspended; nothing was written.
    Suspended,
    /// The `Idempotency-Key` was used before, and the user is gone since; nothing was written.
    Gone,
    /// The `Idempotency-Key` was used with another request; nothing was written.
    IdempotencyMismatch,
}

/// What a partner may know of its own user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedUser {
    /// The e-mail that this partner gave last.
    pub email: String,
    /// Whether a subscription is active or in trial and its period has not ended.
    pub active_subscription: bool,
}

/// The user that a user key stands for, as the partner of that key knows it.
#[derive(Debug, Clone)]
pub struct UserKeyHolder {
    /// What the key reaches.
    pub scope: UserScope,
    /// The data plane's kind.
    pub kind: EnvironmentKind,
    /// The partner's pairwise id.
    pub wrapp_user: WrappUserId,
    /// The partner's own id.
    pub partner_user_id: String,
    /// The e-mail that the partner gave.
    pub email: String,
    /// The key that `email` is compared by.
    pub email_key: String,
    /// The plan, if there is one: name, whether it is active, next payment.
    pub plan: Option<Plan>,
}

/// A user's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Whether it is active or in trial and has not ended.
    pub active: bool,
    /// When the period ends and the next payment is due.
    pub period_end: Timestamp,
    /// The amount of the next payment, a decimal number with its currency, if known.
    pub next_payment_amount: Option<String>,
}

// `kind not in (…)` repeats the predicate of the partial index, which SQLite's planner wants word for word.
const CHECK_USER: &str = "
    select claim.shown, plan.status, plan.period_end, claim.updated_at, claim.id
    from identities link
    join identities claim on claim.user_id = link.user_id and claim.kind = 'email' and claim.source_id = link.source_id
    left join subscriptions plan on plan.user_id = link.user_id
    where link.source_id = :partner and link.kind = 'partner_user' and link.kind not in ('email', 'phone')
        and link.key = :partner_user_id and link.environment_id = :environment";

const KEY_HOLDER: &str = "
    select key.environment_id, environment.kind, key.user_id, key.partner_id, key.hash, link.id, link.shown, claim.shown, claim.key,
        plan.plan_name, plan.status, plan.period_end, plan.next_payment_amount, account.valid_after,
        claim.updated_at, claim.id, (
            select ended.valid_after from source_ends ended
            where ended.user_id = key.user_id and ended.source_id = key.partner_id)
    from user_keys key
    join environments environment on environment.id = key.environment_id
    join users account on account.id = key.user_id and account.status in ('linked', 'verified')
    join identities link on link.user_id = key.user_id and link.kind = 'partner_user' and link.source_id = key.partner_id
    join identities claim on claim.user_id = key.user_id and claim.kind = 'email' and claim.source_id = key.partner_id
    left join subscriptions plan on plan.user_id = key.user_id
    where key.id = :id and key.revoked_at is null";

fn is_active(status: &str, period_end: Timestamp, now: Timestamp) -> bool {
    SubscriptionStatus::parse(status).is_some_and(SubscriptionStatus::counts) && period_end > now
}

impl Store {
    /// Creates the partner's user or finds it, and mints a login link; a new user's identities, event, key and
    /// delivery are written in the same transaction.
    pub async fn external_login(&self, scope: &PartnerScope, call: ExternalLogin) -> Result<ExternalLoginOutcome> {
        let outcome = match &self.engine {
            Engine::Sqlite(engine) => engine.external_login(*scope, call).await,
            Engine::Postgres(engine) => engine.external_login(*scope, call).await,
        }?;
        if matches!(outcome, ExternalLoginOutcome::LoggedIn(LoggedIn { created: true, .. })) {
            self.note_events();
        }
        Ok(outcome)
    }

    /// What the partner may know of its user; `None` if it has no such user.
    pub async fn check_user(
        &self,
        scope: &PartnerScope,
        partner_user_id: &PartnerUserId,
        now: Timestamp,
    ) -> Result<Option<CheckedUser>> {
        let params = params![partner: scope.partner.0, partner_user_id: partner_user_id.as_str(), environment: scope.environment.0];
        self.newest(CHECK_USER, &params, |row| {
            let active_subscription = match (row.opt_text(1)?, row.opt_time(2)?) {
                (Some(status), Some(period_end)) => is_active(&status, period_end, now),
                _ => false,
            };
            let user = CheckedUser {
                email: row.text(0)?,
                active_subscription,
            };
            Ok((row.time(3)?, row.id(4)?, user))
        })
        .await
    }

    /// The holder of a user key that somebody presents.
    pub async fn user_by_key(&self, key: &ApiKey, now: Timestamp) -> Result<Option<UserKeyHolder>> {
        let found = self.key_holder(UserKeyId(key.id), now).await?;
        Ok(found
            .filter(|(_, hash, _)| aboard_vault::constant_time_eq(hash, &key.hash))
            .map(|(holder, ..)| holder))
    }

    /// The holder of the user key that a token was made from; `None` once the key is revoked, the user is
    /// locked, or everything issued before `valid_after` was ended.
    pub async fn user_by_token(
        &self,
        environment: EnvironmentId,
        user: UserId,
        user_key: UserKeyId,
        issued_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<UserKeyHolder>> {
        let found = self.key_holder(user_key, now).await?;
        Ok(found
            .filter(|(holder, _, valid_after)| {
                holder.scope.environment == environment && holder.scope.user == user && issued_at >= *valid_after
            })
            .map(|(holder, ..)| holder))
    }

    async fn key_holder(&self, id: UserKeyId, now: Timestamp) -> Result<Option<(UserKeyHolder, Vec<u8>, Timestamp)>> {
        self.newest(KEY_HOLDER, &params![id: id.0], |row| {
            let plan = match (row.opt_text(9)?, row.opt_text(10)?, row.opt_time(11)?) {
                (Some(name), Some(status), Some(period_end)) => Some(Plan {
                    name,
                    active: is_active(&status, period_end, now),
                    period_end,
                    next_payment_amount: row.opt_text(12)?,
                }),
                _ => None,
            };
            let holder = UserKeyHolder {
                scope: UserScope {
                    environment: EnvironmentId(row.id(0)?),
                    user: UserId(row.id(2)?),
                    partner: Some(PartnerId(row.id(3)?)),
                    user_key: Some(id),
                    app: None,
                    amr: Amr::UserKey,
                },
                kind: row.word(1, EnvironmentKind::parse)?,
                wrapp_user: WrappUserId(row.id(5)?),
                partner_user_id: row.text(6)?,
                email: row.text(7)?,
                email_key: row.text(8)?,
                plan,
            };
            let user_since = row.time(13)?;
            let valid_after = row.opt_time(16)?.map_or(user_since, |ended| ended.max(user_since));
            Ok((row.time(14)?, row.id(15)?, (holder, row.bytes(4)?, valid_after)))
        })
        .await
    }
}
