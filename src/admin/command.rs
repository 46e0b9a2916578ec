//! The commands that manage a store, as values: the command line runs them in its own process, or hands them
//! to the server that is running on the same store.

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{apps, keys, orgs, partners, requests, users};
use crate::domain::{AppId, EnvironmentKind, KeyId, PartnerId, UserId};
use crate::instance::Instance;
use crate::store::Environment;

/// One command. Environments are `sandbox`, `production` or an `env_…` id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the arguments that `--help` explains")]
pub enum AdminCommand {
    /// A new organization with a sandbox and a production.
    CreateOrganization { name: String },
    /// Every organization.
    ListOrganizations {},
    /// A new partner with a key and a webhook secret.
    CreatePartner { environment: String, name: String },
    /// Partners of one environment or of all.
    ListPartners { environment: Option<String> },
    /// A new webhook secret for a partner; the old one goes on for a while.
    RotatePartnerSecret { partner: PartnerId, overlap_seconds: u32 },
    /// Revokes every key of a partner.
    RevokePartner { partner: PartnerId },
    /// A new app with a client secret.
    CreateApp {
        environment: String,
        name: String,
        origins: Vec<String>,
    },
    /// Apps of one environment or of all.
    ListApps { environment: Option<String> },
    /// Revokes every client secret of an app.
    RevokeApp { app: AppId },
    /// A new key.
    CreateKey {
        environment: String,
        name: String,
        key_for: KeyFor,
        scopes: Vec<String>,
        per_minute: Option<u32>,
    },
    /// A rate limit of a key's own, or its environment's again.
    SetKeyLimit { key: KeyId, per_minute: Option<u32> },
    /// Keys of one environment or of all, never their texts.
    ListKeys { environment: Option<String> },
    /// Ends a key at once.
    RevokeKey { key: KeyId },
    /// A new key beside an old one, which goes on for a while.
    RotateKey { key: KeyId, overlap_seconds: u32 },
    /// The newest requests of one environment or of all.
    ListRequests {
        environment: Option<String>,
        errors: bool,
        limit: u32,
    },
    /// Suspends a user, or lets it in again.
    SuspendUser {
        environment: String,
        user: UserId,
        suspended: bool,
    },
    /// Sets a user's plan.
    SetSubscription {
        environment: String,
        user: UserId,
        plan: String,
        status: SubscriptionStatus,
        until: Timestamp,
        amount: Option<String>,
    },
}

/// Whom a new key is for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFor {
    /// The organization's back end.
    Server,
    /// A partner.
    Partner(PartnerId),
    /// An app.
    Client(AppId),
}

/// The state of a subscription.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[clap(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Paid for.
    Active,
    /// Not paid yet, and counts as active.
    Trialing,
    /// A payment is missing.
    PastDue,
    /// Ended.
    Canceled,
}

impl SubscriptionStatus {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
        }
    }
}

impl AdminCommand {
    /// Whether it makes sense on a store that does not exist yet.
    #[must_use]
    pub const fn may_begin_a_store(&self) -> bool {
        matches!(self, Self::CreateOrganization { .. })
    }

    /// Whether it makes keys that sign tokens, which a running server has to read.
    #[must_use]
    pub const fn makes_signing_keys(&self) -> bool {
        matches!(self, Self::CreateOrganization { .. })
    }
}

/// Runs a command and answers what it made or found, as `--json` prints it.
///
/// # Errors
/// One sentence that names the argument and says what to do.
pub async fn execute(instance: &Instance, command: AdminCommand) -> anyhow::Result<Value> {
    use AdminCommand as C;
    let overlap = |seconds| SignedDuration::from_secs(i64::from(seconds));
    match command {
        C::CreateOrganization { name } => orgs::create(instance, &name).await,
        C::ListOrganizations {} => orgs::list(instance).await,
        C::CreatePartner { environment, name } => partners::create(instance, &environment, &name).await,
        C::ListPartners { environment } => partners::list(instance, environment.as_deref()).await,
        C::RotatePartnerSecret {
            partner,
            overlap_seconds,
        } => partners::rotate_secret(instance, partner, overlap(overlap_seconds)).await,
        C::RevokePartner { partner } => partners::revoke(instance, partner).await,
        C::CreateApp {
            environment,
            name,
            origins,
        } => apps::create(instance, &environment, &name, &origins).await,
        C::ListApps { environment } => apps::list(instance, environment.as_deref()).await,
        C::RevokeApp { app } => apps::revoke(instance, app).await,
        C::CreateKey {
            environment,
            name,
            key_for,
            scopes,
            per_minute,
        } => keys::create(instance, &environment, &name, key_for, &scopes, per_minute).await,
        C::SetKeyLimit { key, per_minute } => keys::set_limit(instance, key, per_minute).await,
        C::ListKeys { environment } => keys::list(instance, environment.as_deref()).await,
        C::RevokeKey { key } => keys::revoke(instance, key).await,
        C::RotateKey { key, overlap_seconds } => keys::rotate(instance, key, overlap(overlap_seconds)).await,
        C::ListRequests {
            environment,
            errors,
            limit,
        } => requests::list(instance, environment.as_deref(), errors, limit).await,
        C::SuspendUser {
            environment,
            user,
            suspended,
        } => users::suspend(instance, &environment, user, suspended).await,
        C::SetSubscription {
            environment,
            user,
            plan,
            status,
            until,
            amount,
        } => {
            let plan = users::plan(plan, status, until, amount)?;
            users::subscribe(instance, &environment, user, plan).await
        }
    }
}

/// The environment that somebody names: an id, or a kind where only one organization has it.
pub(super) async fn environment(instance: &Instance, named: &str) -> anyhow::Result<Environment> {
    let all = instance.store.environments(instance.store.system()).await?;
    if let Ok(id) = named.parse() {
        let found = all.into_iter().find(|environment| environment.id == id);
        return found
            .ok_or_else(|| anyhow::anyhow!("--environment: there is no environment {named}; see `aboard orgs list`"));
    }
    let Some(kind) = EnvironmentKind::parse(named) else {
        bail!("--environment: write sandbox, production or an id like env_…, which `aboard orgs list` shows");
    };
    let mut of_kind: Vec<_> = all.into_iter().filter(|environment| environment.kind == kind).collect();
    match (of_kind.pop(), of_kind.as_slice()) {
        (None, _) => bail!("--environment: there is no organization yet; make one with `aboard orgs create NAME`"),
        (Some(only), []) => Ok(only),
        (Some(last), others) => {
            let listed: Vec<String> = others
                .iter()
                .chain([&last])
                .map(|one| format!("\n  {}  {} of {}", one.id, kind.as_str(), one.organization_name))
                .collect();
            bail!(
                "--environment: several organizations have a {named}; name one by its id:{}",
                listed.concat()
            )
        }
    }
}

/// The environments that a list shows: one, or all.
pub(super) async fn environments(instance: &Instance, named: Option<&str>) -> anyhow::Result<Vec<Environment>> {
    match named {
        Some(named) => Ok(vec![environment(instance, named).await?]),
        None => Ok(instance.store.environments(instance.store.system()).await?),
    }
}

/// What every answer says of its environment, with more put beside it.
pub(super) fn within(environment: &Environment, mut value: Value) -> Value {
    value["environment"] = json!(environment.id);
    value["environment_kind"] = json!(environment.kind);
    value["organization"] = json!(environment.organization_name);
    value
}
