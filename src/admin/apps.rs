//! Apps.

use serde_json::{Value, json};

use super::command::{environment, environments, within};
use super::{checks, keys};
use crate::domain::AppId;
use crate::instance::Instance;
use crate::store::AppRow;

pub async fn create(
    instance: &Instance,
    in_environment: &str,
    name: &str,
    origins: &[String],
) -> anyhow::Result<Value> {
    let name = checks::name(name)?;
    let mut allowed = Vec::new();
    for origin in origins {
        let origin = checks::origin(origin)?;
        if !allowed.contains(&origin) {
            allowed.push(origin);
        }
    }
    let environment = environment(instance, in_environment).await?;
    let made = super::create_app(instance, &environment, name, allowed.clone()).await?;
    let made = json!({
        "id": made.app,
        "name": name,
        "origins": allowed,
        "key_id": made.key,
        "client_secret": made.client_secret,
    });
    Ok(within(&environment, made))
}

pub async fn list(instance: &Instance, in_environment: Option<&str>) -> anyhow::Result<Value> {
    let environments = environments(instance, in_environment).await?;
    let all = instance.store.apps(instance.store.system()).await?;
    let shown = all.into_iter().filter_map(|app| {
        let environment = environments.iter().find(|one| one.id == app.environment)?;
        let row = json!({ "id": app.id, "name": app.name, "origins": app.origins, "created_at": app.created_at });
        Some(within(environment, row))
    });
    Ok(json!({ "apps": shown.collect::<Vec<_>>() }))
}

pub async fn revoke(instance: &Instance, app: AppId) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    let (store, now) = (&instance.store, instance.clock.now());
    store.revoke_app(&instance.admin(), app, now).await?;
    let revoked = keys::revoke_all_of(instance, app.0).await?;
    Ok(json!({ "id": app, "name": known.name, "revoked_keys": revoked }))
}

/// An app by its id.
pub async fn find(instance: &Instance, app: AppId) -> anyhow::Result<AppRow> {
    let all = instance.store.apps(instance.store.system()).await?;
    let found = all.into_iter().find(|known| known.id == app);
    found.ok_or_else(|| anyhow::anyhow!("there is no app {app}; see `aboard apps list`"))
}
