//! The keys of `aboard dev`: made once, kept beside the data, printed at every start.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::admin::{self, Allowed};
use crate::domain::{ApiKey, AppId, EnvironmentId, EnvironmentKind, KeyKind, KeyScope, OrganizationId};
use crate::instance::Instance;

/// Both environments of the organization that `dev` makes, as they are kept in a file.
#[derive(Serialize, Deserialize)]
pub struct DevKeys {
    /// For trying things.
    pub sandbox: DevEnvironment,
    /// For real people.
    pub production: DevEnvironment,
}

/// What a developer needs of one environment.
#[derive(Serialize, Deserialize)]
pub struct DevEnvironment {
    /// `X-PARTNER-API-KEY`.
    pub partner_key: String,
    /// What signs the partner's webhooks.
    pub partner_webhook_secret: String,
    /// `Authorization`.
    pub server_key: String,
    /// `x-app-id`.
    pub app_id: AppId,
    /// `x-client-secret`.
    pub client_secret: String,
    /// The environment itself, of which the issuer is made.
    pub environment: EnvironmentId,
}

/// The organization that `dev` makes.
const NAME: &str = "Example";

/// What the server key may do: everything that the calls of the README ask for.
const SCOPES: [KeyScope; 5] = [
    KeyScope::Users,
    KeyScope::UsersToken,
    KeyScope::Requests,
    KeyScope::Events,
    KeyScope::Webhooks,
];

/// Reads the keys of an earlier start, or makes new ones: in the organization of the earlier ones if the store
/// knows it (a key was revoked); in the one of an earlier start (a lost file), which is said; or in a new one.
pub async fn load_or_create(instance: &Instance, file: &Path) -> anyhow::Result<DevKeys> {
    let environments = instance.store.environments(instance.store.system()).await?;
    let mut organization = None;
    let kept = match std::fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
    };
    if let Some(text) = kept {
        let keys: DevKeys = serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read; delete it to get new keys", file.display()))?;
        if is_known(instance, &keys).await? {
            return Ok(keys);
        }
        let earlier = environments.iter().find(|known| known.id == keys.sandbox.environment);
        organization = earlier.map(|environment| environment.organization);
    }
    let by_name = || {
        let earlier = environments.iter().find(|known| known.organization_name == NAME)?;
        tracing::warn!(
            file = %file.display(),
            organization = %earlier.organization,
            "the keys of an earlier start are not in this file: bring it back, or use the new keys, which were made in the same organization. The earlier ones still work; `aboard keys list` shows them, `aboard keys revoke` ends them"
        );
        Some(earlier.organization)
    };
    let organization = match organization.or_else(by_name) {
        Some(earlier) => earlier,
        None => admin::create_organization(instance, NAME).await?,
    };
    let keys = create(instance, organization).await?;
    write_private(file, &serde_json::to_string_pretty(&keys)?)?;
    Ok(keys)
}

async fn is_known(instance: &Instance, keys: &DevKeys) -> anyhow::Result<bool> {
    for text in [
        &keys.sandbox.partner_key,
        &keys.sandbox.server_key,
        &keys.sandbox.client_secret,
        &keys.production.partner_key,
        &keys.production.server_key,
        &keys.production.client_secret,
    ] {
        let Ok(key) = ApiKey::parse(text) else { return Ok(false) };
        if instance.store.authenticate(&key, instance.clock.now()).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn create(instance: &Instance, organization: OrganizationId) -> anyhow::Result<DevKeys> {
    let mut made = Vec::new();
    let environments = instance.store.environments(instance.store.system()).await?;
    for kind in EnvironmentKind::ALL {
        let environment = environments
            .iter()
            .find(|known| known.organization == organization && known.kind == kind);
        let environment = environment.context("the organization lacks an environment")?;
        let partner = admin::create_partner(instance, environment, "Acme").await?;
        let owner = environment.id.0;
        let server = admin::create_key(
            instance,
            environment,
            KeyKind::Server,
            owner,
            "back end",
            Allowed::to(&SCOPES),
        );
        let server = server.await?;
        let app = admin::create_app(instance, environment, "web", Vec::new()).await?;
        made.push(DevEnvironment {
            partner_key: partner.partner_key,
            partner_webhook_secret: partner.webhook_secret,
            server_key: server.secret,
            app_id: app.app,
            client_secret: app.client_secret,
            environment: environment.id,
        });
    }
    let (Some(production), Some(sandbox)) = (made.pop(), made.pop()) else {
        anyhow::bail!("no environments were made")
    };
    Ok(DevKeys { sandbox, production })
}

/// Writes a file that only this user can read, whole or not at all.
fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let draft = file.with_extension("json.new");
    // A draft that somebody else left there would keep its own mode, or lead elsewhere.
    let _ = std::fs::remove_file(&draft);
    let mut new = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    std::fs::rename(&draft, file).with_context(|| format!("cannot write {}", file.display()))
}
