//! The commands that manage a store, as values: the command line runs them in its own process, or hands them
//! to the server that is running on the same store.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::channels::{self, ChannelCredentials, ChannelName};
use super::move_users::{self, NumberedLine};
pub(super) use super::place::{environment, environments, within};
use super::signing::SigningAlgorithm;
use super::{
    Handed, app_policy, apps, audit, events, keys, orgs, partners, requests, rewrap, sends, settings, signing,
    user_keys, users, wallets,
};
use crate::domain::{
    AppId, EventId, KeyId, PartnerId, Provider, SubscriptionStatus, UserId, UserKeyId, Uuid, WalletId, WebhookId,
};
use crate::instance::Instance;

/// One command. Environments are `sandbox`, `production` or an `env_…` id; where a user is named, the user's own without
/// one.
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
    /// Switches version 1 of the wallet surface on or off for an app.
    SetAppV1 { app: AppId, serves_v1: bool },
    /// What an app may have wallets sign, as its file has it.
    ShowAppPolicy { app: AppId },
    /// Sets that, or takes it away.
    SetAppPolicy { app: AppId, policy: Option<String> },
    /// What an app is known as at a provider.
    AddProvider {
        app: AppId,
        provider: Provider,
        name: Option<String>,
        secret: Option<Handed>,
    },
    /// Lists that, without the secrets.
    ListProviders { app: AppId },
    /// Takes it away again.
    RemoveProvider {
        app: AppId,
        provider: Provider,
        name: Option<String>,
    },
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
    /// Wraps a page of wallets' keys anew, or at the end the instance's own.
    RewrapKeys { of_secrets: bool, after: Option<Uuid> },
    /// The newest requests of one environment or of all.
    ListRequests {
        environment: Option<String>,
        errors: bool,
        limit: u32,
    },
    /// The newest events of one environment or of all.
    ListEvents {
        environment: Option<String>,
        types: Option<String>,
        limit: u32,
    },
    /// One event, and what became of its deliveries.
    ShowEvent { environment: String, event: EventId },
    /// Tells a webhook again: one event, or what never arrived since a time.
    ReplayEvents {
        environment: String,
        webhook: WebhookId,
        event: Option<EventId>,
        missing_since: Option<Timestamp>,
    },
    /// Webhooks of one environment or of all, or those that fail.
    ListWebhooks { environment: Option<String>, failing: bool },
    /// Published keys that sign tokens, of one environment or of all.
    ListSigningKeys { environment: Option<String> },
    /// A new key that signs an environment's tokens; the old one verifies for a while.
    RotateSigningKey {
        environment: String,
        algorithm: Option<SigningAlgorithm>,
        overlap_seconds: u32,
    },
    /// Suspends a user, or lets it in again.
    SuspendUser {
        environment: Option<String>,
        user: UserId,
        suspended: bool,
    },
    /// Stops a wallet, or lets it go on.
    FreezeWallet {
        environment: String,
        wallet: WalletId,
        frozen: bool,
    },
    /// The newest transactions that wallets sent, and where sends are paused.
    ListSends {
        environment: Option<String>,
        open: bool,
        limit: u32,
    },
    /// Stops what is sent on a network of an environment, or on all.
    PauseSends {
        environment: String,
        network: Option<String>,
        reason: Option<String>,
    },
    /// Lets it go on.
    ResumeSends {
        environment: String,
        network: Option<String>,
    },
    /// What holds in an environment: every setting, or one.
    ShowSettings { environment: String, name: Option<String> },
    /// Sets one for an environment.
    SetSetting {
        environment: String,
        name: String,
        value: String,
    },
    /// Goes back to the configuration's value.
    UnsetSetting { environment: String, name: String },
    /// The channels of one environment or of all, never their secrets.
    ListChannels { environment: Option<String> },
    /// Sets a channel's credentials.
    SetChannel {
        environment: String,
        channel: ChannelName,
        credentials: ChannelCredentials,
    },
    /// Sends a message over a channel, and says what came of it.
    TestChannel {
        environment: String,
        channel: ChannelName,
        to: String,
    },
    /// Takes a channel and its credentials away.
    RemoveChannel { environment: String, channel: ChannelName },
    /// A page of an environment's users, newest first.
    ListUsers {
        environment: String,
        email: Option<String>,
        phone: Option<String>,
        external_id: Option<String>,
        limit: u32,
        after: Option<UserId>,
    },
    /// One user.
    ShowUser { environment: Option<String>, user: UserId },
    /// The keys that partners hold for a user, never their texts.
    ListUserKeys { environment: Option<String>, user: UserId },
    /// Ends one of them at once.
    RevokeUserKey { key: UserKeyId },
    /// A page of an environment's users as lines of an export, newest first.
    ExportUsers {
        environment: String,
        after: Option<UserId>,
        limit: u32,
    },
    /// Adds users from lines of a file, in one transaction.
    ImportUsers {
        environment: String,
        lines: Vec<NumberedLine>,
        trust_verified: bool,
    },
    /// Erases a user for good.
    EraseUser { environment: Option<String>, user: UserId },
    /// The newest entries of the audit log.
    ListAudit {
        environment: Option<String>,
        target: Option<String>,
        before: Option<i64>,
        limit: u32,
    },
    /// Checks the seals of the audit log.
    VerifyAudit { head: Option<String> },
    /// Sets a user's plan.
    SetSubscription {
        environment: Option<String>,
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

impl AdminCommand {
    /// Whether it makes sense on a store that does not exist yet.
    #[must_use]
    pub const fn may_begin_a_store(&self) -> bool {
        matches!(self, Self::CreateOrganization { .. })
    }

    /// Whether it makes keys that sign tokens, which a running server has to read.
    #[must_use]
    pub const fn makes_signing_keys(&self) -> bool {
        matches!(self, Self::CreateOrganization { .. } | Self::RotateSigningKey { .. })
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
        C::SetAppV1 { app, serves_v1 } => apps::set_v1(instance, app, serves_v1).await,
        C::ShowAppPolicy { app } => app_policy::show(instance, app).await,
        C::SetAppPolicy { app, policy } => app_policy::set(instance, app, policy).await,
        C::AddProvider {
            app,
            provider,
            name,
            secret,
        } => apps::add_provider(instance, app, provider, name, secret).await,
        C::ListProviders { app } => apps::list_providers(instance, app).await,
        C::RemoveProvider { app, provider, name } => apps::remove_provider(instance, app, provider, name).await,
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
        C::RewrapKeys { of_secrets, after } => rewrap::rewrap(instance, of_secrets, after).await,
        C::ListRequests {
            environment,
            errors,
            limit,
        } => requests::list(instance, environment.as_deref(), errors, limit).await,
        C::ListEvents {
            environment,
            types,
            limit,
        } => events::list(instance, environment.as_deref(), types.as_deref(), limit).await,
        C::ShowEvent { environment, event } => events::show(instance, &environment, event).await,
        C::ReplayEvents {
            environment,
            webhook,
            event,
            missing_since,
        } => events::replay(instance, &environment, webhook, event, missing_since).await,
        C::ListWebhooks { environment, failing } => events::webhooks(instance, environment.as_deref(), failing).await,
        C::ListSigningKeys { environment } => signing::list(instance, environment.as_deref()).await,
        C::RotateSigningKey {
            environment,
            algorithm,
            overlap_seconds,
        } => signing::rotate(instance, &environment, algorithm, overlap(overlap_seconds)).await,
        C::SuspendUser {
            environment,
            user,
            suspended,
        } => users::suspend(instance, environment.as_deref(), user, suspended).await,
        C::FreezeWallet {
            environment,
            wallet,
            frozen,
        } => wallets::freeze(instance, &environment, wallet, frozen).await,
        C::ListSends {
            environment,
            open,
            limit,
        } => sends::list(instance, environment.as_deref(), open, limit).await,
        C::PauseSends {
            environment,
            network,
            reason,
        } => sends::pause(instance, &environment, network, reason).await,
        C::ResumeSends { environment, network } => sends::resume(instance, &environment, network).await,
        C::ShowSettings { environment, name } => settings::show(instance, &environment, name.as_deref()).await,
        C::SetSetting {
            environment,
            name,
            value,
        } => settings::set(instance, &environment, name, value).await,
        C::UnsetSetting { environment, name } => settings::unset(instance, &environment, name).await,
        C::ListChannels { environment } => channels::list(instance, environment.as_deref()).await,
        C::SetChannel {
            environment,
            channel,
            credentials,
        } => channels::set(instance, &environment, channel.kind(), &credentials).await,
        C::TestChannel {
            environment,
            channel,
            to,
        } => channels::test(instance, &environment, channel.kind(), &to).await,
        C::RemoveChannel { environment, channel } => channels::remove(instance, &environment, channel.kind()).await,
        C::ListUsers {
            environment,
            email,
            phone,
            external_id,
            limit,
            after,
        } => {
            let filter = users::filter(email, phone, external_id)?;
            users::list(instance, &environment, filter, limit, after).await
        }
        C::ShowUser { environment, user } => users::show(instance, environment.as_deref(), user).await,
        C::ListUserKeys { environment, user } => user_keys::list(instance, environment.as_deref(), user).await,
        C::RevokeUserKey { key } => user_keys::revoke(instance, key).await,
        C::ExportUsers {
            environment,
            after,
            limit,
        } => move_users::export(instance, &environment, after, limit).await,
        C::ImportUsers {
            environment,
            lines,
            trust_verified,
        } => move_users::import(instance, &environment, lines, trust_verified).await,
        C::EraseUser { environment, user } => users::erase(instance, environment.as_deref(), user).await,
        C::ListAudit {
            environment,
            target,
            before,
            limit,
        } => audit::list(instance, environment.as_deref(), target.as_deref(), before, limit).await,
        C::VerifyAudit { head } => audit::verify(instance, head.as_deref()).await,
        C::SetSubscription {
            environment,
            user,
            plan,
            status,
            until,
            amount,
        } => {
            let plan = users::plan(plan, status, until, amount)?;
            users::subscribe(instance, environment.as_deref(), user, plan).await
        }
    }
}
