//! Apps: the organization's own clients.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, SystemScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{AppId, EnvironmentId};

/// A new app.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// Its id, which is also its public `x-app-id`.
    pub id: AppId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Its name, as people see it.
    pub name: String,
    /// The web origins it may call from.
    pub origins: Vec<String>,
}

/// An app in a list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AppRow {
    /// Its id.
    pub id: AppId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: String,
    /// The web origins it may call from.
    pub origins: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

const ADD_APP: &str = "insert into apps (id, environment_id, name, origins, created_at) values (:id, :environment, :name, :origins, :now)";
const APPS: &str = "select id, environment_id, name, origins, created_at from apps order by id";

impl Store {
    /// Creates an app.
    pub async fn create_app(&self, scope: &AdminScope, new: NewApp, now: Timestamp) -> Result<()> {
        let entry = Entry::of("app.created", new.environment, new.id);
        let entry = entry.saying(json!({ "name": new.name, "origins": new.origins }));
        let params = params![id: new.id.0, environment: new.environment.0, name: new.name, origins: new.origins.join(" "), now: now];
        let script = Script::default().then(ADD_APP, params);
        self.change(scope, entry, script, now).await?;
        Ok(())
    }

    /// Every app.
    pub async fn apps(&self, _: SystemScope) -> Result<Vec<AppRow>> {
        self.all(APPS, &[], |row| {
            Ok(AppRow {
                id: AppId(row.id(0)?),
                environment: EnvironmentId(row.id(1)?),
                name: row.text(2)?,
                origins: row.text(3)?.split_whitespace().map(str::to_owned).collect(),
                created_at: row.time(4)?,
            })
        })
        .await
    }
}
