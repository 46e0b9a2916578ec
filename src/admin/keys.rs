//! Partner keys, server keys and client secrets.

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::command::{KeyFor, environment, environments, within};
use super::{Allowed, SERVER_SCOPES, apps, checks, partners};
use crate::domain::{AppId, EnvironmentId, KeyId, KeyKind, PartnerId};
use crate::instance::Instance;
use crate::store::{Environment, KeyRow};

pub async fn create(
    instance: &Instance,
    in_environment: &str,
    name: &str,
    key_for: KeyFor,
    scopes: &[String],
    per_minute: Option<u32>,
) -> anyhow::Result<Value> {
    let name = checks::name(name)?;
    let environment = environment(instance, in_environment).await?;
    let (kind, owner) = match key_for {
        KeyFor::Server => (KeyKind::Server, environment.id.0),
        KeyFor::Partner(partner) => {
            let known = partners::find(instance, partner).await?;
            must_be_in(&environment, known.environment, "--partner", &partner.to_string())?;
            (KeyKind::Partner, partner.0)
        }
        KeyFor::Client(app) => {
            let known = apps::find(instance, app).await?;
            must_be_in(&environment, known.environment, "--app", &app.to_string())?;
            (KeyKind::Client, app.0)
        }
    };
    if kind == KeyKind::Partner && !scopes.is_empty() {
        bail!("--scope: partner keys have no scopes; leave it out");
    }
    let mut scopes = scopes
        .iter()
        .map(|word| checks::scope(word, kind))
        .collect::<Result<Vec<_>, _>>()?;
    if kind == KeyKind::Server && scopes.is_empty() {
        scopes = SERVER_SCOPES.to_vec();
    }
    let allowed = Allowed {
        per_minute,
        ..Allowed::to(&scopes)
    };
    let scopes = allowed.scopes.clone();
    let made = super::create_key(instance, &environment, kind, owner, name, allowed).await?;
    let made = json!({
        "id": made.key,
        "kind": kind.as_str(),
        "owner": owner_id(kind.as_str(), owner),
        "name": name,
        "scopes": scopes,
        "per_minute": per_minute,
        "key": made.secret,
    });
    Ok(within(&environment, made))
}

fn must_be_in(environment: &Environment, home: EnvironmentId, argument: &str, id: &str) -> anyhow::Result<()> {
    if home != environment.id {
        bail!("{argument}: {id} belongs to another environment; write --environment {home}");
    }
    Ok(())
}

pub async fn list(instance: &Instance, in_environment: Option<&str>) -> anyhow::Result<Value> {
    let environments = environments(instance, in_environment).await?;
    let all = instance.store.keys(instance.store.system()).await?;
    let now = instance.clock.now();
    let shown = all.iter().filter_map(|key| {
        let environment = environments.iter().find(|one| one.id == key.environment)?;
        let row = json!({
            "id": key.id,
            "kind": key.kind,
            "owner": owner_id(key.kind, key.owner),
            "name": key.name,
            "hint": key.hint,
            "scopes": key.scopes,
            "per_minute": key.per_minute,
            "state": state(key, now),
            "created_at": key.created_at,
            "last_used_at": key.last_used_at,
            "expires_at": key.expires_at,
            "revoked_at": key.revoked_at,
        });
        Some(within(environment, row))
    });
    Ok(json!({ "keys": shown.collect::<Vec<_>>() }))
}

/// `active`, `ending` (rotated, goes on until `expires_at`), `ended` or `revoked`.
fn state(key: &KeyRow, now: Timestamp) -> &'static str {
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "ended",
        (None, Some(_)) => "ending",
        (None, None) => "active",
    }
}

fn owner_id(kind: &str, owner: Uuid) -> String {
    match KeyKind::parse(kind) {
        Some(KeyKind::Partner) => PartnerId(owner).to_string(),
        Some(KeyKind::Client) => AppId(owner).to_string(),
        _ => EnvironmentId(owner).to_string(),
    }
}

/// Ends a key; one that was revoked before stays as it is and is no error.
pub async fn revoke(instance: &Instance, key: KeyId) -> anyhow::Result<Value> {
    let (system, now) = (instance.store.system(), instance.clock.now());
    let known = instance
        .store
        .keys(system)
        .await?
        .into_iter()
        .find(|known| known.id == key);
    let Some(known) = known else {
        bail!("there is no key {key}; see `aboard keys list`");
    };
    let revoked_now = instance.store.revoke_key(&instance.admin(), key, now).await?;
    let at = if revoked_now { Some(now) } else { known.revoked_at };
    Ok(json!({
        "id": key,
        "kind": known.kind,
        "name": known.name,
        "revoked_at": at,
        "was_revoked_before": !revoked_now,
    }))
}

/// Gives a key a rate limit of its own, or its environment's again.
pub async fn set_limit(instance: &Instance, key: KeyId, per_minute: Option<u32>) -> anyhow::Result<Value> {
    let (store, now) = (&instance.store, instance.clock.now());
    if !store.set_key_limit(&instance.admin(), key, per_minute, now).await? {
        bail!("there is no key {key} that is not revoked; see `aboard keys list`");
    }
    Ok(json!({ "id": key, "per_minute": per_minute }))
}

pub async fn rotate(instance: &Instance, key: KeyId, overlap: SignedDuration) -> anyhow::Result<Value> {
    let until = instance.clock.now() + overlap;
    let made = super::rotate_key(instance, key, overlap).await?;
    Ok(json!({
        "id": made.key,
        "replaces": key,
        "old_key_ends_at": until,
        "key": made.secret,
    }))
}

/// Revokes every key of a partner or an app that is not revoked yet, one after another.
pub async fn revoke_all_of(instance: &Instance, owner: Uuid) -> anyhow::Result<Vec<KeyId>> {
    let system = instance.store.system();
    let mut revoked = Vec::new();
    for key in instance.store.keys(system).await? {
        let theirs = key.owner == owner && key.revoked_at.is_none();
        if theirs
            && instance
                .store
                .revoke_key(&instance.admin(), key.id, instance.clock.now())
                .await?
        {
            revoked.push(key.id);
        }
    }
    Ok(revoked)
}
