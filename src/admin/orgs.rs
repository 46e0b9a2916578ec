//! Organizations.

use serde_json::{Map, Value, json};

use super::checks;
use crate::instance::Instance;
use crate::store::OrganizationRow;

pub async fn create(instance: &Instance, name: &str) -> anyhow::Result<Value> {
    let id = super::create_organization(instance, checks::name(name)?).await?;
    let all = instance.store.organizations(instance.store.system()).await?;
    let made = all.into_iter().find(|organization| organization.id == id);
    Ok(made.as_ref().map_or(Value::Null, shown))
}

pub async fn list(instance: &Instance) -> anyhow::Result<Value> {
    let all = instance.store.organizations(instance.store.system()).await?;
    let all: Vec<Value> = all.iter().map(shown).collect();
    Ok(json!({ "organizations": all }))
}

fn shown(organization: &OrganizationRow) -> Value {
    let environments: Map<String, Value> = organization
        .environments
        .iter()
        .map(|environment| (environment.kind.as_str().to_owned(), json!(environment.id)))
        .collect();
    json!({
        "id": organization.id,
        "name": organization.name,
        "environments": environments,
        "created_at": organization.created_at,
    })
}
