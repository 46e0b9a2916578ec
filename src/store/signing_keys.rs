//! Keys that sign tokens, and their rotation.

use aboard_vault::Algorithm;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::audit::{Entry, audit};
use super::instance::BUMP_REVISION;
use super::scope::{AdminScope, SystemScope};
use super::sql::{Row, params};
use super::{Result, Store};
use crate::domain::{EnvironmentId, SigningKeyId, SigningPurpose};

/// A new key that signs tokens.
#[derive(Debug, Clone)]
pub struct NewSigningKey {
    /// Its id, the `kid`.
    pub id: SigningKeyId,
    /// The public half, for people who look into the table: what signs is made of the private half.
    pub public_key: Vec<u8>,
    /// The sealed private half.
    pub sealed: Vec<u8>,
}

/// A new key that takes over from those before it.
#[derive(Debug, Clone)]
pub struct SigningKeyRotation {
    /// Whose tokens it signs.
    pub environment: EnvironmentId,
    /// What it is for; keys of another purpose stay as they are.
    pub purpose: SigningPurpose,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The key.
    pub key: NewSigningKey,
    /// When the keys before it end, unless an earlier rotation said sooner.
    pub until: Timestamp,
}

/// A key that signs tokens, as stored.
#[derive(Debug, Clone)]
pub struct SealedSigningKey {
    /// Its id, the `kid`.
    pub id: SigningKeyId,
    /// Its environment.
    pub environment: EnvironmentId,
    /// What it is for.
    pub purpose: SigningPurpose,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The public half.
    pub public_key: Vec<u8>,
    /// The sealed private half.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if a newer one has taken over.
    pub retired_at: Option<Timestamp>,
}

const ALIVE: &str = "
    select id, environment_id, purpose, algorithm, public_key, sealed, created_at, retired_at from signing_keys
    where retired_at is null or retired_at > :now order by created_at, id";
// Written only where there is such an environment.
const ADD: &str = "
    insert into signing_keys (id, environment_id, purpose, algorithm, public_key, sealed, created_at)
    select :id, id, :purpose, :algorithm, :public_key, :sealed, :now from environments where id = :environment";
// A second rotation may end an old key sooner, never later.
const RETIRE: &str = "
    update signing_keys set retired_at = :until
    where environment_id = :environment and purpose = :purpose and id <> :id and (retired_at is null or retired_at > :until)";

const ADD_FIRST: &str = "
    insert into signing_keys (id, environment_id, purpose, algorithm, public_key, sealed, created_at)
    select :id, id, :purpose, :algorithm, :public_key, :sealed, :now from environments where id = :environment
        and not exists (select 1 from signing_keys held where held.environment_id = :environment and held.purpose = :purpose)";

impl Store {
    /// Gives an environment its first key of a purpose; false if it has one, and then nothing is written.
    pub async fn add_first_signing_key(
        &self,
        _: SystemScope,
        environment: EnvironmentId,
        purpose: SigningPurpose,
        algorithm: Algorithm,
        key: NewSigningKey,
        now: Timestamp,
    ) -> Result<bool> {
        self.transact(move |tx| {
            async move {
                tx.lock(&[b"signing_keys", &environment.bytes()]).await?;
                let added = params![
                    id: key.id.0, purpose: purpose.as_str(), algorithm: algorithm.as_str(), public_key: key.public_key,
                    sealed: key.sealed, now: now, environment: environment.0,
                ];
                if tx.execute(ADD_FIRST, &added).await? == 0 {
                    return Ok(false);
                }
                tx.execute(BUMP_REVISION, &[]).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// The keys that sign tokens or still verify them, oldest first: all environments, both purposes.
    pub async fn signing_keys(&self, _: SystemScope, now: Timestamp) -> Result<Vec<SealedSigningKey>> {
        self.all(ALIVE, &params![now: now], stored).await
    }

    /// Puts a new key in front of an environment's older ones of its purpose, which end at `until`; false if there
    /// is no such environment, and then nothing is written.
    pub async fn rotate_signing_key(
        &self,
        scope: &AdminScope,
        rotation: SigningKeyRotation,
        now: Timestamp,
    ) -> Result<bool> {
        let scope = scope.clone();
        self.transact(move |tx| {
            async move {
                let SigningKeyRotation { key, purpose, .. } = rotation;
                let (environment, purpose) = (rotation.environment, purpose.as_str());
                // Two rotations at once would each leave the other's key without an end.
                tx.lock(&[b"signing_keys", &environment.bytes()]).await?;
                let added = params![
                    id: key.id.0, purpose: purpose, algorithm: rotation.algorithm.as_str(), public_key: key.public_key,
                    sealed: key.sealed, now: now, environment: environment.0,
                ];
                if tx.execute(ADD, &added).await? == 0 {
                    return Ok(false);
                }
                let retired =
                    params![until: rotation.until, environment: environment.0, purpose: purpose, id: key.id.0];
                tx.execute(RETIRE, &retired).await?;
                tx.execute(BUMP_REVISION, &[]).await?;
                let entry = Entry::of("signing_key.rotated", environment, key.id);
                let entry = entry.saying(json!({ "algorithm": rotation.algorithm.as_str(), "purpose": purpose }));
                audit(tx, &scope, entry, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}

fn stored(row: &Row<'_>) -> Result<SealedSigningKey> {
    Ok(SealedSigningKey {
        id: SigningKeyId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        purpose: row.word(2, SigningPurpose::parse)?,
        algorithm: row.word(3, Algorithm::parse)?,
        public_key: row.bytes(4)?,
        sealed: row.bytes(5)?,
        created_at: row.time(6)?,
        retired_at: row.opt_time(7)?,
    })
}
