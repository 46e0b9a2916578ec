//! Settings of one environment.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::command::{environment, within};
use crate::instance::Instance;
use crate::store::{Environment, StoredSetting};

pub async fn show(instance: &Instance, in_environment: &str, name: Option<&str>) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let stored = instance.store.settings(instance.store.system()).await?;
    let is_own = |name: &str| {
        stored
            .iter()
            .any(|setting| setting.environment == environment.id && setting.name == name)
    };
    instance.settings.load(&instance.store).await?;
    let all = instance.settings.of(environment.id).named();
    let shown: Vec<Value> = all
        .into_iter()
        .filter(|(known, _)| name.is_none_or(|name| name == known))
        .map(|(name, value)| json!({ "name": name, "value": value, "own": is_own(&name) }))
        .collect();
    if let Some(name) = name.filter(|_| shown.is_empty()) {
        return unknown(instance, name);
    }
    Ok(within(&environment, json!({ "settings": shown })))
}

pub async fn set(instance: &Instance, in_environment: &str, name: String, value: String) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let change = [(name.clone(), value.clone())];
    let checked = instance.settings.base().with(&change)?;
    let read = checked.named().into_iter().find(|(known, _)| *known == name);
    let (_, read) = read.with_context(|| format!("there is no setting {name}"))?;
    let setting = StoredSetting {
        environment: environment.id,
        name: name.clone(),
        value,
    };
    let store = &instance.store;
    store
        .set_setting(&instance.admin(), setting, instance.clock.now())
        .await?;
    instance.settings.load(store).await?;
    Ok(changed(&environment, &name, &read, true))
}

pub async fn unset(instance: &Instance, in_environment: &str, name: String) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let known = instance.settings.base().named();
    let Some((_, value)) = known.into_iter().find(|(known, _)| *known == name) else {
        return unknown(instance, &name);
    };
    let store = &instance.store;
    if !store
        .unset_setting(&instance.admin(), environment.id, name.clone(), instance.clock.now())
        .await?
    {
        bail!("{name} has no value of its own in this environment; there is nothing to unset");
    }
    instance.settings.load(store).await?;
    Ok(changed(&environment, &name, &value, false))
}

fn changed(environment: &Environment, name: &str, value: &Value, own: bool) -> Value {
    within(environment, json!({ "name": name, "value": value, "own": own }))
}

fn unknown(instance: &Instance, name: &str) -> anyhow::Result<Value> {
    let known: Vec<String> = instance
        .settings
        .base()
        .named()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    bail!(
        "there is no setting {name} that an environment may have of its own; there are {}",
        known.join(", ")
    )
}
