//! What apps are known as at providers: client ids, bots, the secret for Rampable.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, AppScope, SystemScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{AppId, EnvironmentId, Provider, Uuid};

/// What an app is known as at a provider.
#[derive(Clone)]
pub struct AppProvider {
    /// The row, which what is sealed in it is bound to.
    pub id: Uuid,
    /// A client id at Google or Apple, the name of a bot at Telegram; empty for Rampable.
    pub name: String,
    /// The bot's token or the client secret, sealed.
    pub sealed: Option<Vec<u8>>,
}

/// The same, about to be set.
#[derive(Clone)]
pub struct NewAppProvider {
    /// The app.
    pub app: AppId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// The provider.
    pub provider: Provider,
    /// Name and secret.
    pub known_as: AppProvider,
}

/// The same in a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AppProviderRow {
    /// `google`, `apple`, `telegram` or `rampable`.
    pub provider: String,
    /// A client id, the name of a bot, or nothing.
    pub name: String,
    /// Whether a secret is kept with it.
    pub has_secret: bool,
    /// When it was set.
    pub updated_at: Timestamp,
}

const SET: &str = "
    insert into app_providers (id, environment_id, app_id, provider, name, sealed, updated_at)
    select :id, app.environment_id, app.id, :provider, :name, :sealed, :now from apps app
    where app.id = :app and app.environment_id = :environment and app.revoked_at is null
    on conflict (app_id, provider, name) do update set id = excluded.id, sealed = excluded.sealed, updated_at = excluded.updated_at";
const REMOVE: &str = "delete from app_providers where app_id = :app and provider = :provider and name = :name";
const LIST: &str = "
    select provider, name, sealed, updated_at from app_providers where app_id = :app order by provider, name";
const OF: &str = "
    select id, name, sealed from app_providers
    where app_id = :app and environment_id = :environment and provider = :provider order by name";

impl Store {
    /// Sets what an app is known as at a provider; false if there is no such app (any more).
    pub async fn set_app_provider(&self, scope: &AdminScope, new: NewAppProvider, now: Timestamp) -> Result<bool> {
        let entry = Entry::of("app.provider_set", new.environment, new.app);
        let entry = entry.saying(json!({ "provider": new.provider.as_str(), "name": new.known_as.name }));
        let params = params![
            id: new.known_as.id, app: new.app.0, environment: new.environment.0, provider: new.provider.as_str(),
            name: new.known_as.name, sealed: new.known_as.sealed, now: now,
        ];
        self.change(scope, entry, Script::default().then(SET, params), now)
            .await
    }

    /// Takes it away again; false if it was not there.
    pub async fn remove_app_provider(
        &self,
        scope: &AdminScope,
        app: AppId,
        provider: Provider,
        name: String,
        now: Timestamp,
    ) -> Result<bool> {
        let entry = Entry::of_app("app.provider_removed", app);
        let entry = entry.saying(json!({ "provider": provider.as_str(), "name": name }));
        let params = params![app: app.0, provider: provider.as_str(), name: name];
        self.change(scope, entry, Script::default().then(REMOVE, params), now)
            .await
    }

    /// What an app is known as at every provider, without the secrets.
    pub async fn list_app_providers(&self, _: SystemScope, app: AppId) -> Result<Vec<AppProviderRow>> {
        self.all(LIST, &params![app: app.0], |row| {
            Ok(AppProviderRow {
                provider: row.text(0)?,
                name: row.text(1)?,
                has_secret: row.opt_bytes(2)?.is_some(),
                updated_at: row.time(3)?,
            })
        })
        .await
    }

    /// What the app that calls is known as at one provider.
    pub async fn app_providers(&self, scope: &AppScope, provider: Provider) -> Result<Vec<AppProvider>> {
        let params = params![app: scope.app.0, environment: scope.environment.0, provider: provider.as_str()];
        self.all(OF, &params, |row| {
            Ok(AppProvider {
                id: row.id(0)?,
                name: row.text(1)?,
                sealed: row.opt_bytes(2)?,
            })
        })
        .await
    }
}
