//! Partners, and the secrets that sign their webhooks.

use jiff::Timestamp;
use serde_json::json;

use super::audit::Entry;
use super::scope::{AdminScope, SystemScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{EnvironmentId, PartnerId, WebhookSecretId};

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

const ADD_PARTNER: &str = "
    insert into partners (id, environment_id, name, trusted, created_at) values (:id, :environment, :name, :trusted, :now)";
const ADD_SECRET: &str = "
    insert into webhook_secrets (id, environment_id, owner_id, sealed, created_at)
    select :id, environment_id, id, :sealed, :now from partners where id = :owner";
const END_SECRETS: &str = "
    update webhook_secrets set expires_at = :until where owner_id = :owner and expires_at is null and id <> :id";
const PARTNERS: &str = "select id, environment_id, name, created_at from partners order by id";

impl Store {
    /// Creates a partner with the secret that signs its webhooks.
    pub async fn create_partner(&self, scope: &AdminScope, new: NewPartner, now: Timestamp) -> Result<()> {
        let entry = Entry::of("partner.created", new.environment, new.id).saying(json!({ "name": new.name }));
        let script = Script::default()
            .then(
                ADD_PARTNER,
                params![id: new.id.0, environment: new.environment.0, name: new.name, trusted: false, now: now],
            )
            .then(
                ADD_SECRET,
                params![id: new.secret.id.0, sealed: new.secret.sealed, now: now, owner: new.id.0],
            );
        self.change(scope, entry, script, now).await?;
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
        scope: &AdminScope,
        partner: PartnerId,
        new: NewWebhookSecret,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let new_id = new.id;
        let script = Script::default()
            .then(
                ADD_SECRET,
                params![id: new.id.0, sealed: new.sealed, now: now, owner: partner.0],
            )
            .then(END_SECRETS, params![until: until, owner: partner.0, id: new.id.0]);
        let entry = Entry::of_partner("partner.webhook_secret_rotated", partner);
        let entry = entry.saying(json!({ "secret": new_id, "old_ends_at": until }));
        self.change(scope, entry, script, now).await
    }
}
