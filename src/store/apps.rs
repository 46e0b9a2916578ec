//! Apps: the organization's own clients.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, AppScope, SystemScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{AppId, EnvironmentId, EnvironmentKind, KeyScopes};

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
    /// Whether it is served version 1 of the wallet surface. A sandbox always is.
    pub serves_v1: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An app that may be used.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id, which is also its public `x-app-id`.
    pub id: AppId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// Its name, as people see it.
    pub name: String,
    /// The web origins it may call from.
    pub origins: Vec<String>,
    /// Whether it is served version 1 of the wallet surface. A sandbox always is.
    pub serves_v1: bool,
}

impl App {
    /// What somebody reaches who knows the id and nothing else.
    #[must_use]
    pub fn public_scope(&self) -> AppScope {
        AppScope {
            environment: self.environment,
            kind: self.kind,
            app: self.id,
            key: None,
            scopes: KeyScopes::default(),
        }
    }
}

const ADD_APP: &str = "insert into apps (id, environment_id, name, origins, created_at) values (:id, :environment, :name, :origins, :now)";
const APP: &str = "
    select app.environment_id, environment.kind, app.name, app.origins, app.serves_v1
    from apps app join environments environment on environment.id = app.environment_id
    where app.id = :id and app.revoked_at is null";
const REVOKE_APP: &str = "update apps set revoked_at = :now where id = :id and revoked_at is null";
const SET_POLICY: &str = "update apps set policy = :policy where id = :id and revoked_at is null";
const POLICY: &str = "select policy from apps where id = :id";
const SERVE_V1: &str = "update apps set serves_v1 = :serves_v1 where id = :id";
const APPS: &str = "
    select app.id, app.environment_id, app.name, app.origins, app.created_at, app.serves_v1, environment.kind
    from apps app join environments environment on environment.id = app.environment_id order by app.id";

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

    /// An app by its public id; `None` once it is revoked.
    pub async fn app(&self, app: AppId) -> Result<Option<App>> {
        self.one(APP, &params![id: app.0], |row| {
            let kind = row.word(1, EnvironmentKind::parse)?;
            Ok(App {
                id: app,
                environment: EnvironmentId(row.id(0)?),
                kind,
                name: row.text(2)?,
                origins: row.text(3)?.split_whitespace().map(str::to_owned).collect(),
                serves_v1: kind == EnvironmentKind::Sandbox || row.boolean(4)?,
            })
        })
        .await
    }

    /// Ends an app: its id opens nothing any more, nor do the tokens it was given. False if it had ended before.
    pub async fn revoke_app(&self, scope: &AdminScope, app: AppId, now: Timestamp) -> Result<bool> {
        let script = Script::default().then(REVOKE_APP, params![now: now, id: app.0]);
        self.change(scope, Entry::of_app("app.revoked", app), script, now).await
    }

    /// Switches version 1 of the wallet surface on or off for an app in production; false if there is no such app.
    pub async fn set_app_v1(&self, scope: &AdminScope, app: AppId, serves_v1: bool, now: Timestamp) -> Result<bool> {
        let script = Script::default().then(SERVE_V1, params![serves_v1: serves_v1, id: app.0]);
        let entry = Entry::of_app("app.v1_set", app).saying(json!({ "serves_v1": serves_v1 }));
        self.change(scope, entry, script, now).await
    }

    /// Sets what an app may have wallets sign, as its file has it, or takes that away; false if there is no such app.
    pub async fn set_app_policy(
        &self,
        scope: &AdminScope,
        app: AppId,
        policy: Option<String>,
        now: Timestamp,
    ) -> Result<bool> {
        let entry = Entry::of_app("app.policy_set", app).without_revision();
        let entry = entry.saying(json!({ "policy": policy }));
        let script = Script::default().then(SET_POLICY, params![policy: policy, id: app.0]);
        self.change(scope, entry, script, now).await
    }

    /// What an app may have wallets sign, as its file has it; `None` without a rule.
    pub async fn app_policy(&self, _: SystemScope, app: AppId) -> Result<Option<String>> {
        let found = self.one(POLICY, &params![id: app.0], |row| row.opt_text(0)).await?;
        Ok(found.flatten())
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
                serves_v1: row.boolean(5)? || row.word(6, EnvironmentKind::parse)? == EnvironmentKind::Sandbox,
            })
        })
        .await
    }
}
