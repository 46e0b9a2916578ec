//! The environment that a person names, and what answers say of it.

use anyhow::bail;
use serde_json::{Value, json};

use crate::domain::EnvironmentKind;
use crate::instance::Instance;
use crate::store::Environment;

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
