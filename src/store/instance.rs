//! The instance itself: its canary, its root keys, and whether the engine is really durable.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::scope::SystemScope;
use super::sql::params;
use super::{Engine, Result, Store};
use crate::domain::RootKeyId;

/// What identifies an instance and proves that its key file is the right one.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Grows with every change of a credential or setting.
    pub revision: i64,
    /// Raised by a restore: older links and tokens die.
    pub epoch: i64,
    /// The public id of the key-encryption key.
    pub kek_id: String,
    /// Sealed by that key.
    pub canary: Vec<u8>,
}

/// A new instance with its root keys.
#[derive(Debug, Clone)]
pub struct NewInstance {
    /// The public id of the key-encryption key.
    pub kek_id: String,
    /// Sealed by that key.
    pub canary: Vec<u8>,
    /// One per purpose.
    pub root_keys: Vec<NewRootKey>,
}

/// A root key, wrapped.
#[derive(Debug, Clone)]
pub struct NewRootKey {
    /// Its id.
    pub id: RootKeyId,
    /// What it seals or authenticates.
    pub purpose: &'static str,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// A root key as stored.
#[derive(Debug, Clone)]
pub struct StoredRootKey {
    /// Its id.
    pub id: RootKeyId,
    /// What it seals or authenticates.
    pub purpose: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// Whether what is acknowledged survives a power cut, and the engine's clock.
#[derive(Debug, Clone)]
pub struct Durability {
    /// Whether every commit is synced.
    pub durable: bool,
    /// The settings that say so, or those to change.
    pub detail: String,
    /// The engine's own time, where it has one.
    pub clock: Option<Timestamp>,
}

const FIND: &str = "select revision, epoch, kek_id, canary from instance where one = 1";
// The first row decides: a second node that starts at the same moment adds nothing.
const CREATE: &str = "
    insert into instance (one, revision, epoch, kek_id, canary, created_at) values (1, 1, 1, :kek_id, :canary, :now)
    on conflict (one) do nothing";
const ADD_ROOT_KEY: &str = "
    insert into root_keys (id, purpose, wrapped, created_at)
    select :id, :purpose, :wrapped, :now from instance
    where kek_id = :kek_id and not exists (select 1 from root_keys where purpose = :purpose)";
const ROOT_KEYS: &str = "select id, purpose, wrapped from root_keys order by created_at, id";
const MIGRATED: &str = "select name from migrations order by name";

pub(super) const BUMP_REVISION: &str = "update instance set revision = revision + 1 where one = 1";

impl Store {
    /// The instance, if the store has been set up.
    pub async fn instance(&self) -> Result<Option<Instance>> {
        self.one(FIND, &[], |row| {
            Ok(Instance {
                revision: row.int(0)?,
                epoch: row.int(1)?,
                kek_id: row.text(2)?,
                canary: row.bytes(3)?,
            })
        })
        .await
    }

    /// Sets up an instance, or adds the purposes it lacks; one that is there with another key-encryption key
    /// stays as it is.
    pub async fn create_instance(&self, _: SystemScope, new: NewInstance, now: Timestamp) -> Result<()> {
        self.transact(move |tx| {
            async move {
                // Nodes of one installation learn of a new purpose at the same moment.
                tx.lock(&[b"instance"]).await?;
                let instance = params![kek_id: new.kek_id.clone(), canary: new.canary, now: now];
                tx.execute(CREATE, &instance).await?;
                for key in new.root_keys {
                    let key = params![
                        id: key.id.0, purpose: key.purpose, wrapped: key.wrapped, now: now, kek_id: new.kek_id.clone(),
                    ];
                    tx.execute(ADD_ROOT_KEY, &key).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// The wrapped root keys, oldest first.
    pub async fn root_keys(&self, _: SystemScope) -> Result<Vec<StoredRootKey>> {
        self.all(ROOT_KEYS, &[], |row| {
            Ok(StoredRootKey {
                id: RootKeyId(row.id(0)?),
                purpose: row.text(1)?,
                wrapped: row.bytes(2)?,
            })
        })
        .await
    }

    /// The names of the migrations that were applied.
    pub async fn migrations(&self) -> Result<Vec<String>> {
        self.all(MIGRATED, &[], |row| row.text(0)).await
    }

    /// Asks the engine whether a commit is synced before it is acknowledged.
    pub async fn durability(&self) -> Result<Durability> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.durability().await,
            Engine::Postgres(engine) => engine.durability().await,
        }
    }
}
