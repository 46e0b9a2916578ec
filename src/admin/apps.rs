//! Apps.

use anyhow::bail;
use serde_json::{Value, json};

use super::command::{environment, environments, within};
use super::{Handed, checks, keys};
use crate::domain::{AppId, Provider};
use crate::instance::Instance;
use crate::sealed;
use crate::store::{AppProvider, AppRow, NewAppProvider};

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
        let row = json!({
            "id": app.id, "name": app.name, "origins": app.origins, "serves_v1": app.serves_v1, "created_at": app.created_at,
        });
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

pub async fn set_v1(instance: &Instance, app: AppId, serves_v1: bool) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    let (store, now) = (&instance.store, instance.clock.now());
    store.set_app_v1(&instance.admin(), app, serves_v1, now).await?;
    let known = json!({ "id": app, "name": known.name, "serves_v1": find(instance, app).await?.serves_v1 });
    Ok(known)
}

pub async fn add_provider(
    instance: &Instance,
    app: AppId,
    provider: Provider,
    name: Option<String>,
    secret: Option<Handed>,
) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    let (name, secret) = checks::provider(provider, name, secret.map(Handed::into_inner))?;
    let id = instance.ids.id();
    let place = sealed::app_provider(known.environment, id);
    let sealed = secret.map(|secret| instance.vault.seal(&place, secret.as_bytes(), instance.ids.entropy()));
    let new = NewAppProvider {
        app,
        environment: known.environment,
        provider,
        known_as: AppProvider {
            id,
            name: name.clone(),
            sealed,
        },
    };
    let (store, now) = (&instance.store, instance.clock.now());
    if !store.set_app_provider(&instance.admin(), new, now).await? {
        bail!("app {app} was revoked; make another with `aboard apps create`");
    }
    Ok(json!({ "id": app, "app_name": known.name, "provider": provider, "name": name }))
}

pub async fn list_providers(instance: &Instance, app: AppId) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    let rows = instance.store.list_app_providers(instance.store.system(), app).await?;
    Ok(json!({ "id": app, "app_name": known.name, "providers": rows }))
}

pub async fn remove_provider(
    instance: &Instance,
    app: AppId,
    provider: Provider,
    name: Option<String>,
) -> anyhow::Result<Value> {
    let known = find(instance, app).await?;
    let name = checks::provider_name(provider, name)?;
    let (store, now) = (&instance.store, instance.clock.now());
    let removed = store
        .remove_app_provider(&instance.admin(), app, provider, name.clone(), now)
        .await?;
    if !removed {
        bail!("the app is not known there by that name; see `aboard apps providers list {app}`");
    }
    Ok(json!({ "id": app, "app_name": known.name, "provider": provider, "name": name }))
}

/// An app by its id.
pub async fn find(instance: &Instance, app: AppId) -> anyhow::Result<AppRow> {
    let all = instance.store.apps(instance.store.system()).await?;
    let found = all.into_iter().find(|known| known.id == app);
    found.ok_or_else(|| anyhow::anyhow!("there is no app {app}; see `aboard apps list`"))
}
