//! What the command line and `aboard dev` make: organizations, partners, apps, keys.

mod app_policy;
mod apps;
mod audit;
mod channels;
mod checks;
mod command;
mod events;
mod handed;
mod keys;
mod move_users;
mod orgs;
mod partners;
mod place;
mod requests;
mod rewrap;
mod sends;
mod settings;
mod signing;
pub mod socket;
mod user_keys;
mod user_lines;
mod users;
mod wallets;

use aboard_vault::Algorithm;
use anyhow::Context as _;
use jiff::SignedDuration;

use crate::domain::webhook::WebhookSecret;
use crate::domain::{
    AppId, EnvironmentId, EnvironmentKind, KeyId, KeyKind, KeyScope, NewKey, OrganizationId, PartnerId, WebhookSecretId,
};
use crate::instance::Instance;
use crate::sealed;
use crate::store::{Environment, NewApiKey, NewApp, NewEnvironment, NewOrganization, NewPartner, NewWebhookSecret};

pub use app_policy::readable_policy;
pub use channels::{ChannelCredentials, ChannelName, LONGEST_CREDENTIALS};
pub use command::{AdminCommand, KeyFor, execute};
pub use handed::Handed;
pub use move_users::NumberedLine;
pub use signing::{SigningAlgorithm, ensure_private_keys, new_key as new_signing_key};
pub use user_lines::LONGEST_LINE;

/// Scopes that a new server key has.
const SERVER_SCOPES: [KeyScope; 4] = [
    KeyScope::Users,
    KeyScope::UsersToken,
    KeyScope::Events,
    KeyScope::Webhooks,
];

/// What a new key is allowed, beside what its kind is.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its own rate limit, if it has one.
    pub per_minute: Option<u32>,
}

impl Allowed {
    /// Scopes, and the environment's rate limit.
    #[must_use]
    pub fn to(scopes: &[KeyScope]) -> Self {
        Self {
            scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            per_minute: None,
        }
    }
}

/// A new partner; key and secret are shown this once.
#[derive(Debug, serde::Serialize)]
pub struct CreatedPartner {
    /// The partner.
    pub partner: PartnerId,
    /// Its key's id.
    pub key: KeyId,
    /// `X-PARTNER-API-KEY`.
    pub partner_key: String,
    /// What signs its webhooks.
    pub webhook_secret: String,
}

/// A new app; the secret is shown this once.
#[derive(Debug, serde::Serialize)]
pub struct CreatedApp {
    /// `x-app-id`.
    pub app: AppId,
    /// The secret's id.
    pub key: KeyId,
    /// `x-client-secret`.
    pub client_secret: String,
}

/// A new key; its text is shown this once.
#[derive(Debug, serde::Serialize)]
pub struct CreatedKey {
    /// Its id.
    pub key: KeyId,
    /// Its text.
    pub secret: String,
}

/// Creates an organization with a sandbox and a production.
pub async fn create_organization(instance: &Instance, name: &str) -> anyhow::Result<OrganizationId> {
    let ids = &instance.ids;
    let id = OrganizationId(ids.id());
    let environments = EnvironmentKind::ALL
        .into_iter()
        .map(|kind| {
            let id = EnvironmentId(ids.id());
            let signing_key = new_signing_key(instance, id, Algorithm::EdDsa)?;
            Ok(NewEnvironment { id, kind, signing_key })
        })
        .collect::<anyhow::Result<_>>()?;
    let new = NewOrganization {
        id,
        name: name.to_owned(),
        environments,
    };
    instance
        .store
        .create_organization(&instance.admin(), new, instance.clock.now())
        .await?;
    ensure_private_keys(instance).await?;
    Ok(id)
}

/// Creates a partner with a key and a webhook secret.
pub async fn create_partner(
    instance: &Instance,
    environment: &Environment,
    name: &str,
) -> anyhow::Result<CreatedPartner> {
    let partner = PartnerId(instance.ids.id());
    let (secret, new) = webhook_secret(instance, environment.id);
    let new = NewPartner {
        id: partner,
        environment: environment.id,
        name: name.to_owned(),
        secret: new,
    };
    instance
        .store
        .create_partner(&instance.admin(), new, instance.clock.now())
        .await?;
    let key = create_key(
        instance,
        environment,
        KeyKind::Partner,
        partner.0,
        name,
        Allowed::default(),
    )
    .await?;
    Ok(CreatedPartner {
        partner,
        key: key.key,
        partner_key: key.secret,
        webhook_secret: secret.expose().to_string(),
    })
}

/// Gives a partner a new webhook secret; the old one goes on for `overlap`.
pub async fn rotate_webhook_secret(
    instance: &Instance,
    environment: EnvironmentId,
    partner: PartnerId,
    overlap: SignedDuration,
) -> anyhow::Result<String> {
    let (secret, new) = webhook_secret(instance, environment);
    let now = instance.clock.now();
    let known = instance
        .store
        .rotate_webhook_secret(&instance.admin(), partner, new, now + overlap, now)
        .await?;
    known
        .then(|| secret.expose().to_string())
        .with_context(|| format!("there is no partner {partner}; see `aboard partners list`"))
}

/// Creates an app with a client secret.
pub async fn create_app(
    instance: &Instance,
    environment: &Environment,
    name: &str,
    origins: Vec<String>,
) -> anyhow::Result<CreatedApp> {
    let app = AppId(instance.ids.id());
    let new = NewApp {
        id: app,
        environment: environment.id,
        name: name.to_owned(),
        origins,
    };
    instance
        .store
        .create_app(&instance.admin(), new, instance.clock.now())
        .await?;
    let key = create_key(instance, environment, KeyKind::Client, app.0, name, Allowed::default()).await?;
    Ok(CreatedApp {
        app,
        key: key.key,
        client_secret: key.secret,
    })
}

/// Creates a key of the organization's back end.
pub async fn create_server_key(
    instance: &Instance,
    environment: &Environment,
    name: &str,
) -> anyhow::Result<CreatedKey> {
    create_key(
        instance,
        environment,
        KeyKind::Server,
        environment.id.0,
        name,
        Allowed::to(&SERVER_SCOPES),
    )
    .await
}

/// Creates a key of a partner, a back end or an app.
pub async fn create_key(
    instance: &Instance,
    environment: &Environment,
    kind: KeyKind,
    owner: uuid::Uuid,
    name: &str,
    allowed: Allowed,
) -> anyhow::Result<CreatedKey> {
    let (text, new) = new_key(instance, environment.id, environment.kind, kind, owner, name, allowed);
    let key = new.id;
    instance
        .store
        .create_key(&instance.admin(), new, instance.clock.now())
        .await?;
    Ok(CreatedKey {
        key,
        secret: text.expose().to_owned(),
    })
}

/// Puts a new key beside an old one, which goes on for `overlap`.
pub async fn rotate_key(instance: &Instance, old: KeyId, overlap: SignedDuration) -> anyhow::Result<CreatedKey> {
    let system = instance.store.system();
    let known = instance.store.keys(system).await?.into_iter().find(|key| key.id == old);
    let known = known.with_context(|| format!("there is no key {old}; see `aboard keys list`"))?;
    let kind = KeyKind::parse(known.kind).context("this kind of key cannot be rotated")?;
    if let Some(end) = known.expires_at {
        // Another rotation would move its end, and wake a key that has ended.
        anyhow::bail!(
            "key {old} was rotated before and ends at {end}; rotate its successor, or make a key with `aboard keys create`"
        );
    }
    let allowed = Allowed {
        scopes: known.scopes,
        per_minute: known.per_minute,
    };
    let (text, new) = new_key(
        instance,
        known.environment,
        known.environment_kind,
        kind,
        known.owner,
        &known.name,
        allowed,
    );
    let (key, now) = (new.id, instance.clock.now());
    if !instance
        .store
        .rotate_key(&instance.admin(), old, new, now + overlap, now)
        .await?
    {
        anyhow::bail!("key {old} was revoked; make a new one with `aboard keys create`");
    }
    Ok(CreatedKey {
        key,
        secret: text.expose().to_owned(),
    })
}

fn new_key(
    instance: &Instance,
    environment: EnvironmentId,
    environment_kind: EnvironmentKind,
    kind: KeyKind,
    owner: uuid::Uuid,
    name: &str,
    allowed: Allowed,
) -> (NewKey, NewApiKey) {
    let id = KeyId(instance.ids.id());
    let text = NewKey::new(kind, environment_kind, id.0, instance.ids.secret());
    let new = NewApiKey {
        id,
        environment,
        kind,
        owner,
        name: name.to_owned(),
        hash: text.key.hash,
        hint: text.hint(),
        scopes: allowed.scopes,
        per_minute: allowed.per_minute,
    };
    (text, new)
}

fn webhook_secret(instance: &Instance, environment: EnvironmentId) -> (WebhookSecret, NewWebhookSecret) {
    let id = WebhookSecretId(instance.ids.id());
    let secret = WebhookSecret::new(instance.ids.secret::<32>().to_vec());
    let place = sealed::webhook_secret(environment, id);
    let sealed = instance
        .vault
        .seal(&place, secret.expose_bytes(), instance.ids.entropy());
    (secret, NewWebhookSecret { id, sealed })
}
