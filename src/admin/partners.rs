//! Partners.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::command::{environment, environments, within};
use super::{checks, keys};
use crate::domain::PartnerId;
use crate::instance::Instance;
use crate::store::PartnerRow;

pub async fn create(instance: &Instance, in_environment: &str, name: &str) -> anyhow::Result<Value> {
    let name = checks::name(name)?;
    let environment = environment(instance, in_environment).await?;
    let made = super::create_partner(instance, &environment, name).await?;
    let made = json!({
        "id": made.partner,
        "name": name,
        "key_id": made.key,
        "partner_key": made.partner_key,
        "webhook_secret": made.webhook_secret,
    });
    Ok(within(&environment, made))
}

pub async fn list(instance: &Instance, in_environment: Option<&str>) -> anyhow::Result<Value> {
    let environments = environments(instance, in_environment).await?;
    let all = instance.store.partners(instance.store.system()).await?;
    let shown = all.into_iter().filter_map(|partner| {
        let environment = environments.iter().find(|one| one.id == partner.environment)?;
        let row = json!({ "id": partner.id, "name": partner.name, "created_at": partner.created_at });
        Some(within(environment, row))
    });
    Ok(json!({ "partners": shown.collect::<Vec<_>>() }))
}

pub async fn rotate_secret(instance: &Instance, partner: PartnerId, overlap: SignedDuration) -> anyhow::Result<Value> {
    let known = find(instance, partner).await?;
    let until = instance.clock.now() + overlap;
    let secret = super::rotate_webhook_secret(instance, known.environment, partner, overlap).await?;
    Ok(json!({
        "id": partner,
        "name": known.name,
        "webhook_secret": secret,
        "old_secret_ends_at": until,
    }))
}

pub async fn revoke(instance: &Instance, partner: PartnerId) -> anyhow::Result<Value> {
    let known = find(instance, partner).await?;
    let revoked = keys::revoke_all_of(instance, partner.0).await?;
    Ok(json!({ "id": partner, "name": known.name, "revoked_keys": revoked }))
}

/// A partner by its id.
pub async fn find(instance: &Instance, partner: PartnerId) -> anyhow::Result<PartnerRow> {
    let all = instance.store.partners(instance.store.system()).await?;
    let found = all.into_iter().find(|known| known.id == partner);
    found.ok_or_else(|| anyhow::anyhow!("there is no partner {partner}; see `aboard partners list`"))
}
