//! Keys that partners hold for users.

use anyhow::bail;
use serde_json::{Value, json};

use super::command::{environment, within};
use super::users::place_of;
use crate::domain::{UserId, UserKeyId};
use crate::instance::Instance;

pub async fn list(instance: &Instance, in_environment: Option<&str>, user: UserId) -> anyhow::Result<Value> {
    let environment = place_of(instance, in_environment, user).await?;
    let scope = instance.store.system().users_of(environment.id);
    let keys = instance.store.user_keys(scope, user).await?;
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|key| {
            json!({
                "id": key.id, "hint": key.hint, "partner": key.partner, "partner_name": key.partner_name,
                "created_at": key.created_at,
            })
        })
        .collect();
    Ok(within(&environment, json!({ "user": user, "keys": keys })))
}

pub async fn revoke(instance: &Instance, key: UserKeyId) -> anyhow::Result<Value> {
    let store = &instance.store;
    let ended = store
        .revoke_user_key(&instance.admin(), key, instance.clock.now())
        .await?;
    let Some((of, user)) = ended else {
        bail!("there is no key {key}, or it was revoked before; see `aboard users keys USER`");
    };
    let environment = environment(instance, &of.to_string()).await?;
    Ok(within(
        &environment,
        json!({ "id": key, "user": user, "revoked": true }),
    ))
}
