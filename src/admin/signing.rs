//! The keys that sign an environment's tokens.

use aboard_vault::{Algorithm, PublicKey, TokenKey};
use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::command::{environment, environments, within};
use crate::domain::{EnvironmentId, SigningKeyId, SigningPurpose};
use crate::instance::Instance;
use crate::sealed;
use crate::store::{NewSigningKey, SealedSigningKey, SigningKeyRotation};

/// How a key signs, as the command line takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum SigningAlgorithm {
    /// Ed25519: small and fast
    #[value(name = "EdDSA")]
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA over P-256
    #[value(name = "ES256")]
    #[serde(rename = "ES256")]
    Es256,
    /// RSA with 2048 bits: for verifiers that know nothing else
    #[value(name = "RS256")]
    #[serde(rename = "RS256")]
    Rs256,
}

impl SigningAlgorithm {
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDsa,
            Self::Es256 => Algorithm::Es256,
            Self::Rs256 => Algorithm::Rs256,
        }
    }
}

pub async fn list(instance: &Instance, in_environment: Option<&str>) -> anyhow::Result<Value> {
    let environments = environments(instance, in_environment).await?;
    let keys = published(instance, instance.clock.now()).await?;
    let shown = keys.iter().filter_map(|key| {
        let environment = environments.iter().find(|one| one.id == key.environment)?;
        let row = json!({
            "id": key.id,
            "algorithm": key.algorithm.as_str(),
            "state": if key.retired_at.is_none() { "signing" } else { "ending" },
            "created_at": key.created_at,
            "retired_at": key.retired_at,
        });
        Some(within(environment, row))
    });
    Ok(json!({ "signing_keys": shown.collect::<Vec<_>>() }))
}

pub async fn rotate(
    instance: &Instance,
    in_environment: &str,
    algorithm: Option<SigningAlgorithm>,
    overlap: SignedDuration,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let before: Vec<SealedSigningKey> = published(instance, instance.clock.now())
        .await?
        .into_iter()
        .filter(|key| key.environment == environment.id)
        .collect();
    let newest = before.iter().rev().find(|key| key.retired_at.is_none());
    let algorithm = match (algorithm, newest) {
        (Some(chosen), _) => chosen.algorithm(),
        (None, Some(newest)) => newest.algorithm,
        (None, None) => Algorithm::EdDsa,
    };
    // An RSA key takes a good part of a second to make.
    let (making, id) = (instance.clone(), environment.id);
    let key = tokio::task::spawn_blocking(move || new_key(&making, id, algorithm))
        .await
        .context("the key could not be made")??;
    let (id, now) = (key.id, instance.clock.now());
    let until = now + overlap;
    let rotation = SigningKeyRotation {
        environment: environment.id,
        purpose: SigningPurpose::Published,
        algorithm,
        key,
        until,
    };
    if !instance
        .store
        .rotate_signing_key(&instance.admin(), rotation, now)
        .await?
    {
        bail!("--environment: {} is gone; see `aboard orgs list`", environment.id);
    }
    let replaced: Vec<SigningKeyId> = before.iter().map(|key| key.id).collect();
    let made = json!({
        "id": id,
        "algorithm": algorithm.as_str(),
        "replaces": replaced,
        "old_keys_end_at": until,
    });
    Ok(within(&environment, made))
}

/// A new key that signs tokens, its private half sealed.
pub fn new_key(instance: &Instance, environment: EnvironmentId, algorithm: Algorithm) -> anyhow::Result<NewSigningKey> {
    let id = SigningKeyId(instance.ids.id());
    let key = TokenKey::generate(algorithm, instance.ids.entropy())?;
    let place = sealed::signing_key(environment, id);
    let sealed = instance
        .vault
        .seal(&place, key.private().expose(), instance.ids.entropy());
    let public_key = match key.public() {
        PublicKey::Ed25519 { x } => x.to_vec(),
        PublicKey::P256 { x, y } => [&x[..], y].concat(),
        PublicKey::Rsa { n, .. } => n.clone(),
    };
    Ok(NewSigningKey { id, public_key, sealed })
}

async fn published(instance: &Instance, now: Timestamp) -> anyhow::Result<Vec<SealedSigningKey>> {
    let mut keys = instance.store.signing_keys(instance.store.system(), now).await?;
    keys.retain(|key| key.purpose == SigningPurpose::Published);
    Ok(keys)
}

/// Gives every environment that lacks one its key for tokens that nobody else has to check. Called at every start and
/// after an organization was made; whoever comes second changes nothing.
pub async fn ensure_private_keys(instance: &Instance) -> anyhow::Result<()> {
    let (store, now) = (&instance.store, instance.clock.now());
    let system = store.system();
    let keys = store.signing_keys(system, now).await?;
    for environment in store.environments(system).await? {
        let has_one =
            |key: &&SealedSigningKey| key.environment == environment.id && key.purpose == SigningPurpose::Private;
        if keys.iter().find(has_one).is_some() {
            continue;
        }
        let key = new_key(instance, environment.id, Algorithm::EdDsa)?;
        store
            .add_first_signing_key(
                system,
                environment.id,
                SigningPurpose::Private,
                Algorithm::EdDsa,
                key,
                now,
            )
            .await?;
    }
    Ok(())
}
