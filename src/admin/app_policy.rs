//! What an app may have wallets sign.

use anyhow::bail;
use serde_json::{Value, json};

use super::apps::find;
use crate::config::Networks;
use crate::domain::AppId;
use crate::domain::policy::Policy;
use crate::instance::Instance;

/// The longest file of a policy.
const MOST_BYTES: usize = 256 * 1024;

pub async fn show(instance: &Instance, app: AppId) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    let store = &instance.store;
    let policy = store.app_policy(store.system(), app).await?;
    let policy = policy.map(|text| serde_json::from_str::<Value>(&text)).transpose()?;
    Ok(json!({ "id": app, "name": known.name, "policy": policy }))
}

pub async fn set(instance: &Instance, app: AppId, policy: Option<String>) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    if let Some(text) = &policy {
        readable_policy(&instance.outside.networks, text)?;
    }
    // Without the white space that people read by.
    let policy = policy.map(|text| serde_json::from_str::<Value>(&text)).transpose()?;
    let stored = policy.as_ref().map(Value::to_string);
    let (store, now) = (&instance.store, instance.clock.now());
    if !store.set_app_policy(&instance.admin(), app, stored, now).await? {
        bail!("app {app} was revoked; make another with `aboard apps create`");
    }
    Ok(json!({ "id": app, "name": known.name, "policy": policy }))
}

/// Reads a policy, whose networks have to be known.
///
/// # Errors
/// Names the rule and its line.
pub fn readable_policy(networks: &Networks, text: &str) -> anyhow::Result<()> {
    if text.len() > MOST_BYTES {
        bail!("FILE: a policy has at most {} KiB", MOST_BYTES / 1024);
    }
    let policy = Policy::parse(text).map_err(|wrong| anyhow::anyhow!("FILE: {wrong}"))?;
    for code in policy.named_networks() {
        if networks.by_code(code).is_none() {
            bail!("FILE: there is no network `{code}`; `aboard config show` lists those of [networks]");
        }
    }
    Ok(())
}
