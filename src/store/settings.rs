//! What an environment sets differently from the configuration file.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, SystemScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::EnvironmentId;

/// A setting of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSetting {
    /// Whose.
    pub environment: EnvironmentId,
    /// `section.key`.
    pub name: String,
    /// As it was given.
    pub value: String,
}

const ALL: &str = "select environment_id, name, value from settings order by environment_id, name";
const SET: &str = "
    insert into settings (environment_id, name, value, updated_at) values (:environment, :name, :value, :now)
    on conflict (environment_id, name) do update set value = excluded.value, updated_at = excluded.updated_at";
const UNSET: &str = "delete from settings where environment_id = :environment and name = :name";

impl Store {
    /// Every setting of every environment.
    pub async fn settings(&self, _: SystemScope) -> Result<Vec<StoredSetting>> {
        self.all(ALL, &[], |row| {
            Ok(StoredSetting {
                environment: EnvironmentId(row.id(0)?),
                name: row.text(1)?,
                value: row.text(2)?,
            })
        })
        .await
    }

    /// Sets one; other nodes learn of it with the next revision.
    pub async fn set_setting(&self, scope: &AdminScope, setting: StoredSetting, now: Timestamp) -> Result<()> {
        let entry = Entry::of("setting.set", setting.environment, &setting.name);
        let entry = entry.saying(json!({ "value": setting.value }));
        let params = params![environment: setting.environment.0, name: setting.name, value: setting.value, now: now];
        self.change(scope, entry, Script::default().then(SET, params), now)
            .await?;
        Ok(())
    }

    /// Goes back to the configuration file's value; false if the environment had none of its own.
    pub async fn unset_setting(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        name: String,
        now: Timestamp,
    ) -> Result<bool> {
        let entry = Entry::of("setting.unset", environment, &name);
        let script = Script::default().then(UNSET, params![environment: environment.0, name: name]);
        self.change(scope, entry, script, now).await
    }
}
