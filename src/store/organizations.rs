//! Organizations, their environments, partners, apps and keys: what the command line manages.

use jiff::Timestamp;
use uuid::Uuid;

use super::instance::BUMP_REVISION;
use super::scope::{AppScope, PartnerScope, ServerScope, SystemScope};
use super::signing_keys::NewSigningKey;
use super::sql::{Row, Script, Statement, params};
use super::{Result, Store, StoreError};
use crate::domain::{
    AppId, EnvironmentId, EnvironmentKind, KeyId, KeyKind, KeyScopes, OrganizationId, PartnerId, WebhookSecretId,
};

/// A new organization with its two environments.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, as people see it.
    pub name: String,
    /// A sandbox and a production.
    pub environments: Vec<NewEnvironment>,
}

/// A new environment with the key that signs its tokens.
#[derive(Debug, Clone)]
pub struct NewEnvironment {
    /// Its id.
    pub id: EnvironmentId,
    /// Which of the two.
    pub kind: EnvironmentKind,
    /// The key whose public half is published (`EdDSA`).
    pub signing_key: NewSigningKey,
}

/// A new partner with the secret that signs its webhooks.
#[derive(Debug, Clone)]
pub struct NewPartner {
    /// Its id.
    pub id: PartnerId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Its name, as people see it.
    pub name: String,
    /// The secret that signs its webhooks.
    pub secret: NewWebhookSecret,
}

/// A new webhook secret.
#[derive(Debug, Clone)]
pub struct NewWebhookSecret {
    /// Its id.
    pub id: WebhookSecretId,
    /// The sealed secret.
    pub sealed: Vec<u8>,
}

/// A webhook secret, as stored.
#[derive(Debug, Clone)]
pub struct SealedWebhookSecret {
    /// Its id.
    pub id: WebhookSecretId,
    /// The sealed secret.
    pub sealed: Vec<u8>,
}

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

/// A new key of a partner, of the back end or of an app.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Its id, which is also inside its text.
    pub id: KeyId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// What it is for.
    pub kind: KeyKind,
    /// The partner, the app, or the environment itself.
    pub owner: Uuid,
    /// A name for people.
    pub name: String,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// What may be shown later.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its own rate limit, if it has one.
    pub per_minute: Option<u32>,
}

/// An organization in a list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OrganizationRow {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its environments.
    pub environments: Vec<Environment>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An environment.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// Which of the two.
    pub kind: EnvironmentKind,
    /// Its organization.
    pub organization: OrganizationId,
    /// The organization's name.
    pub organization_name: String,
}

/// A partner in a list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PartnerRow {
    /// Its id.
    pub id: PartnerId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
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

/// A key in a list; never its text.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub environment_kind: EnvironmentKind,
    /// What it is for.
    pub kind: &'static str,
    /// Whose it is.
    #[serde(skip)]
    pub owner: Uuid,
    /// A name for people.
    pub name: String,
    /// Its first and last characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its own rate limit, if it has one.
    pub per_minute: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it ends, if a rotation said so.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

const ADD_ORGANIZATION: &str = "insert into organizations (id, name, created_at) values (:id, :name, :now)";
const ADD_ENVIRONMENT: &str = "
    insert into environments (id, organization_id, kind, created_at) values (:id, :organization, :kind, :now)";
const ADD_SIGNING_KEY: &str = "
    insert into signing_keys (id, environment_id, purpose, algorithm, public_key, sealed, created_at)
    values (:id, :environment, 'published', 'EdDSA', :public_key, :sealed, :now)";
const ORGANIZATIONS: &str = "select id, name, created_at from organizations order by id";
const ORGANIZATION_NAME: &str = "
    select organization.name
    from environments environment join organizations organization on organization.id = environment.organization_id
    where environment.id = :environment";
const ENVIRONMENTS: &str = "
    select environment.id, environment.kind, organization.id, organization.name
    from environments environment join organizations organization on organization.id = environment.organization_id
    order by organization.id, environment.kind desc";
const ADD_PARTNER: &str = "
    insert into partners (id, environment_id, name, trusted, created_at) values (:id, :environment, :name, :trusted, :now)";
const ADD_SECRET: &str = "
    insert into webhook_secrets (id, environment_id, owner_id, sealed, created_at)
    select :id, environment_id, id, :sealed, :now from partners where id = :owner";
const END_SECRETS: &str = "
    update webhook_secrets set expires_at = :until where owner_id = :owner and expires_at is null and id <> :id";
const PARTNER_SECRET: &str = "
    select id, sealed from webhook_secrets where owner_id = :owner and environment_id = :environment
        and (expires_at is null or expires_at > :now)
    order by created_at desc, id desc limit 1";
const PARTNERS: &str = "select id, environment_id, name, created_at from partners order by id";
const ADD_APP: &str = "insert into apps (id, environment_id, name, origins, created_at) values (:id, :environment, :name, :origins, :now)";
const APP: &str = "
    select app.environment_id, environment.kind, app.name, app.origins, app.serves_v1
    from apps app join environments environment on environment.id = app.environment_id
    where app.id = :id and app.revoked_at is null";
const REVOKE_APP: &str = "update apps set revoked_at = :now where id = :id and revoked_at is null";
const SERVE_V1: &str = "update apps set serves_v1 = :serves_v1 where id = :id";
const APPS: &str = "select id, environment_id, name, origins, created_at from apps order by id";
const ADD_KEY: &str = "
    insert into api_keys (id, environment_id, kind, owner_id, name, hash, hint, scopes, per_minute, created_at)
    values (:id, :environment, :kind, :owner, :name, :hash, :hint, :scopes, :per_minute, :now)";
const ADD_SUCCESSOR: &str = "
    insert into api_keys (id, environment_id, kind, owner_id, name, hash, hint, scopes, per_minute, created_at)
    select :id, :environment, :kind, :owner, :name, :hash, :hint, :scopes, :per_minute, :now from api_keys
    where id = :old and revoked_at is null and (expires_at is null or expires_at > :now)";
const KEYS: &str = "
    select key.id, key.environment_id, environment.kind, key.kind, key.owner_id, key.name, key.hint, key.scopes, key.created_at,
        key.last_used_at, key.expires_at, key.revoked_at, key.per_minute
    from api_keys key join environments environment on environment.id = key.environment_id order by key.id";
const LIMIT_KEY: &str = "update api_keys set per_minute = :per_minute where id = :id and revoked_at is null";
const REVOKE_KEY: &str = "update api_keys set revoked_at = :now where id = :id and revoked_at is null";
// A second rotation may end the old key sooner, never later.
const EXPIRE_KEY: &str = "
    update api_keys set expires_at = :until
    where id = :id and revoked_at is null and (expires_at is null or expires_at > :until)";

impl Store {
    /// Creates an organization with its environments.
    pub async fn create_organization(&self, _: SystemScope, new: NewOrganization, now: Timestamp) -> Result<()> {
        let mut script = Script::default().then(ADD_ORGANIZATION, params![id: new.id.0, name: new.name, now: now]);
        for environment in new.environments {
            let key = environment.signing_key;
            script = script
                .then(ADD_ENVIRONMENT, params![id: environment.id.0, organization: new.id.0, kind: environment.kind.as_str(), now: now])
                .then(
                    ADD_SIGNING_KEY,
                    params![id: key.id.0, environment: environment.id.0, public_key: key.public_key, sealed: key.sealed, now: now],
                );
        }
        self.change_credentials(script).await?;
        Ok(())
    }

    /// Every organization with its environments.
    pub async fn organizations(&self, scope: SystemScope) -> Result<Vec<OrganizationRow>> {
        let environments = self.environments(scope).await?;
        self.all(ORGANIZATIONS, &[], |row| {
            let id = OrganizationId(row.id(0)?);
            let environments = environments
                .iter()
                .filter(|environment| environment.organization == id)
                .cloned()
                .collect();
            Ok(OrganizationRow {
                id,
                name: row.text(1)?,
                environments,
                created_at: row.time(2)?,
            })
        })
        .await
    }

    /// The organization of a server key, as people see it.
    pub async fn organization_name(&self, scope: &ServerScope) -> Result<String> {
        let params = params![environment: scope.environment.0];
        let name = self.one(ORGANIZATION_NAME, &params, |row| row.text(0)).await?;
        name.ok_or_else(|| StoreError::Fault("an environment has no organization".to_owned()))
    }

    /// Every environment.
    pub async fn environments(&self, _: SystemScope) -> Result<Vec<Environment>> {
        self.all(ENVIRONMENTS, &[], |row| {
            Ok(Environment {
                id: EnvironmentId(row.id(0)?),
                kind: row.word(1, EnvironmentKind::parse)?,
                organization: OrganizationId(row.id(2)?),
                organization_name: row.text(3)?,
            })
        })
        .await
    }

    /// Creates a partner with the secret that signs its webhooks.
    pub async fn create_partner(&self, _: SystemScope, new: NewPartner, now: Timestamp) -> Result<()> {
        let script = Script::default()
            .then(
                ADD_PARTNER,
                params![id: new.id.0, environment: new.environment.0, name: new.name, trusted: false, now: now],
            )
            .then(
                ADD_SECRET,
                params![id: new.secret.id.0, sealed: new.secret.sealed, now: now, owner: new.id.0],
            );
        self.change_credentials(script).await?;
        Ok(())
    }

    /// Every partner.
    pub async fn partners(&self, _: SystemScope) -> Result<Vec<PartnerRow>> {
        self.all(PARTNERS, &[], |row| {
            Ok(PartnerRow {
                id: PartnerId(row.id(0)?),
                environment: EnvironmentId(row.id(1)?),
                name: row.text(2)?,
                created_at: row.time(3)?,
            })
        })
        .await
    }

    /// Gives a partner a new webhook secret; the old one ends at `until`. Deliveries keep the secret they
    /// started with. False if there is no such partner.
    pub async fn rotate_webhook_secret(
        &self,
        _: SystemScope,
        partner: PartnerId,
        new: NewWebhookSecret,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let script = Script::default()
            .then(
                ADD_SECRET,
                params![id: new.id.0, sealed: new.sealed, now: now, owner: partner.0],
            )
            .then(END_SECRETS, params![until: until, owner: partner.0, id: new.id.0]);
        Ok(self.change_credentials(script).await?.first() == Some(&1))
    }

    /// The newest secret that signs a partner's webhooks.
    pub async fn webhook_secret(&self, scope: &PartnerScope, now: Timestamp) -> Result<Option<SealedWebhookSecret>> {
        self.one(
            PARTNER_SECRET,
            &params![owner: scope.partner.0, environment: scope.environment.0, now: now],
            |row| {
                Ok(SealedWebhookSecret {
                    id: WebhookSecretId(row.id(0)?),
                    sealed: row.bytes(1)?,
                })
            },
        )
        .await
    }

    /// Creates an app.
    pub async fn create_app(&self, _: SystemScope, new: NewApp, now: Timestamp) -> Result<()> {
        let params = params![id: new.id.0, environment: new.environment.0, name: new.name, origins: new.origins.join(" "), now: now];
        self.change_credentials(Script::default().then(ADD_APP, params)).await?;
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
    pub async fn revoke_app(&self, _: SystemScope, app: AppId, now: Timestamp) -> Result<bool> {
        let script = Script::default().then(REVOKE_APP, params![now: now, id: app.0]);
        Ok(self.change_credentials(script).await?.first() == Some(&1))
    }

    /// Switches version 1 of the wallet surface on or off for an app in production; false if there is no such app.
    pub async fn set_app_v1(&self, _: SystemScope, app: AppId, serves_v1: bool) -> Result<bool> {
        let script = Script::default().then(SERVE_V1, params![serves_v1: serves_v1, id: app.0]);
        Ok(self.change_credentials(script).await?.first() == Some(&1))
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

    /// Stores a new key.
    pub async fn create_key(&self, _: SystemScope, new: NewApiKey, now: Timestamp) -> Result<()> {
        self.change_credentials(Script(vec![add_key(new, now)])).await?;
        Ok(())
    }

    /// Every key.
    pub async fn keys(&self, _: SystemScope) -> Result<Vec<KeyRow>> {
        self.all(KEYS, &[], key_row).await
    }

    /// Gives a key a rate limit of its own, or its environment's again; false if there is no such key or it was
    /// revoked. What it has used of its minute stays used.
    pub async fn set_key_limit(&self, _: SystemScope, key: KeyId, per_minute: Option<u32>) -> Result<bool> {
        let params = params![per_minute: per_minute.map(i64::from), id: key.0];
        let script = Script::default().then(LIMIT_KEY, params);
        Ok(self.change_credentials(script).await?.first() == Some(&1))
    }

    /// Revokes a key at once; false if there is no such key or it was revoked before.
    pub async fn revoke_key(&self, _: SystemScope, key: KeyId, now: Timestamp) -> Result<bool> {
        let script = Script::default().then(REVOKE_KEY, params![now: now, id: key.0]);
        Ok(self.change_credentials(script).await?.first() == Some(&1))
    }

    /// Puts a new key beside an old one, which ends at `until`, or sooner if an earlier rotation said so; false
    /// if the old one is unknown, revoked or expired, and then the new one is not stored either.
    pub async fn rotate_key(
        &self,
        _: SystemScope,
        old: KeyId,
        new: NewApiKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let mut successor = add_key(new, now);
        successor.sql = ADD_SUCCESSOR;
        successor.params.push((":old", old.0.into()));
        let script = Script(vec![successor]).then(EXPIRE_KEY, params![until: until, id: old.0]);
        Ok(self.change_credentials(script).await?.first() == Some(&1))
    }

    async fn change_credentials(&self, script: Script) -> Result<Vec<u64>> {
        let changed = self.run(script.then(BUMP_REVISION, params![])).await?;
        self.credentials.clear();
        Ok(changed)
    }
}

fn add_key(new: NewApiKey, now: Timestamp) -> Statement {
    Statement {
        sql: ADD_KEY,
        params: params![
            id: new.id.0, environment: new.environment.0, kind: new.kind.as_str(), owner: new.owner, name: new.name,
            hash: new.hash.to_vec(), hint: new.hint, scopes: new.scopes.join(" "), per_minute: new.per_minute.map(i64::from), now: now,
        ]
        .into(),
    }
}

fn key_row(row: &Row<'_>) -> Result<KeyRow> {
    Ok(KeyRow {
        id: KeyId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        environment_kind: row.word(2, EnvironmentKind::parse)?,
        kind: row.word(3, KeyKind::parse)?.as_str(),
        owner: row.id(4)?,
        name: row.text(5)?,
        hint: row.text(6)?,
        scopes: row.text(7)?.split_whitespace().map(str::to_owned).collect(),
        created_at: row.time(8)?,
        last_used_at: row.opt_time(9)?,
        expires_at: row.opt_time(10)?,
        revoked_at: row.opt_time(11)?,
        per_minute: row.opt_int(12)?.and_then(|limit| u32::try_from(limit).ok()),
    })
}
