//! Organizations and their environments.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, ChallengeScope, SystemScope};
use super::signing_keys::NewSigningKey;
use super::sql::{Script, params};
use super::{Result, Store, StoreError};
use crate::domain::{EnvironmentId, EnvironmentKind, OrganizationId};

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

impl Store {
    /// Creates an organization with its environments.
    pub async fn create_organization(&self, scope: &AdminScope, new: NewOrganization, now: Timestamp) -> Result<()> {
        let entry = Entry::of_instance("organization.created", new.id).saying(json!({ "name": new.name }));
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
        self.change(scope, entry, script, now).await?;
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

    /// The organization of a server key or an app, as people see it.
    pub async fn organization_name(&self, scope: impl Into<ChallengeScope>) -> Result<String> {
        let params = params![environment: scope.into().environment.0];
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
}
