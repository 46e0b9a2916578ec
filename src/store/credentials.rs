//! API keys of partners, back ends and apps, looked up through a cache in memory.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use uuid::Uuid;

use super::scope::{AppScope, PartnerScope, ServerScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{
    ApiKey, AppId, EnvironmentId, EnvironmentKind, KeyId, KeyKind, KeyScope, KeyScopes, PartnerId, WebhookSecretId,
};

/// How long the cache is believed after the revision was last read.
const STALE_AFTER_MICROS: i64 = 5_000_000;
/// More keys than this and the cache is emptied: it only ever holds keys that were presented.
const MOST_CACHED: usize = 100_000;

/// A key that was found good.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id.
    pub key: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub environment_kind: EnvironmentKind,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its own rate limit, if it has one.
    pub per_minute: Option<u32>,
    owner: Uuid,
}

/// A presented key and what the cache knows of it.
pub struct Presented {
    /// The key's rights.
    pub credential: Credential,
    /// The newest secret that signs the webhooks of a partner key's partner.
    pub webhook_secret: Option<WebhookSecretId>,
    hash: [u8; 32],
    expires_at: Option<Timestamp>,
    used_at: AtomicI64,
    noted_at: AtomicI64,
}

impl Credential {
    /// The scope of a partner key.
    #[must_use]
    pub fn partner_scope(&self) -> Option<PartnerScope> {
        (self.kind == KeyKind::Partner).then_some(PartnerScope {
            environment: self.environment,
            kind: self.environment_kind,
            partner: PartnerId(self.owner),
            key: self.key,
        })
    }

    /// The scope of a server key.
    #[must_use]
    pub fn server_scope(&self) -> Option<ServerScope> {
        (self.kind == KeyKind::Server).then(|| ServerScope {
            environment: self.environment,
            kind: self.environment_kind,
            key: self.key,
            scopes: KeyScopes::read(self.scopes.iter().map(String::as_str)),
        })
    }

    /// The scope of a client secret.
    #[must_use]
    pub fn app_scope(&self) -> Option<AppScope> {
        (self.kind == KeyKind::Client).then(|| AppScope {
            environment: self.environment,
            kind: self.environment_kind,
            app: AppId(self.owner),
            key: Some(self.key),
            scopes: KeyScopes::read(
                self.scopes
                    .iter()
                    .map(String::as_str)
                    // In a sandbox there is nobody whom an app's word could harm.
                    .chain((self.environment_kind == EnvironmentKind::Sandbox).then_some(KeyScope::Custody.as_str())),
            ),
        })
    }

    /// Whether the key has a scope by name.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

/// When a key was last used.
#[derive(Debug, Clone, Copy)]
pub struct KeyUse {
    /// The key.
    pub key: KeyId,
    /// The last use.
    pub at: Timestamp,
}

#[derive(Default)]
pub(super) struct Cache {
    keys: RwLock<HashMap<Uuid, Arc<Presented>>>,
    /// The web origins of every app, once somebody has asked for one.
    origins: RwLock<Option<Arc<HashSet<String>>>>,
    /// How often the keys were forgotten: what was read before that is not put back after it.
    forgotten: AtomicU64,
    /// The revision that the cached keys were read at, and when it was last seen to hold.
    revision: AtomicI64,
    checked_at: AtomicI64,
}

impl Cache {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.as_microsecond() - self.checked_at.load(Ordering::Acquire) <= STALE_AFTER_MICROS
    }

    fn get(&self, key: &ApiKey, now: Timestamp) -> Option<Arc<Presented>> {
        if !self.is_fresh(now) {
            return None;
        }
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key.id)
            .cloned()
    }

    /// Keeps a key that was read when the keys had been forgotten `forgotten` times.
    fn put(&self, id: Uuid, presented: Arc<Presented>, forgotten: u64) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Acquire) != forgotten {
            return;
        }
        if keys.len() >= MOST_CACHED {
            keys.clear();
        }
        keys.insert(id, presented);
    }

    fn origins(&self, now: Timestamp) -> Option<Arc<HashSet<String>>> {
        let origins = self.origins.read().unwrap_or_else(PoisonError::into_inner);
        origins.clone().filter(|_| self.is_fresh(now))
    }

    fn put_origins(&self, known: Arc<HashSet<String>>, forgotten: u64) {
        let mut origins = self.origins.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Acquire) == forgotten {
            *origins = Some(known);
        }
    }

    /// Forgets every key and origin; called after a change of any credential.
    pub(super) fn clear(&self) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        keys.clear();
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

const FIND: &str = "
    select key.kind, key.environment_id, environment.kind, key.owner_id, key.hash, key.scopes, key.per_minute, key.expires_at,
        (select secret.id from webhook_secrets secret where secret.owner_id = key.owner_id and secret.expires_at is null
            order by secret.created_at desc, secret.id desc limit 1)
    from api_keys key join environments environment on environment.id = key.environment_id
    where key.id = :id and key.revoked_at is null";
const ORIGINS: &str = "select origins from apps where origins <> ''";
const REVISION: &str = "select revision from instance where one = 1";
const NOTE_USE: &str = "update api_keys set last_used_at = :at where id = :id";

impl Store {
    /// The rights of a key that somebody presents; `None` if it is unknown, revoked or expired.
    pub async fn authenticate(&self, key: &ApiKey, now: Timestamp) -> Result<Option<Arc<Presented>>> {
        let forgotten = self.credentials.forgotten.load(Ordering::Acquire);
        let presented = match self.credentials.get(key, now) {
            Some(presented) => presented,
            None => match self.find_key(key.id).await? {
                Some(presented) => {
                    let presented = Arc::new(presented);
                    self.credentials.put(key.id, Arc::clone(&presented), forgotten);
                    presented
                }
                None => return Ok(None),
            },
        };
        let alive = presented.expires_at.is_none_or(|end| end > now);
        let same = presented.credential.kind == key.kind
            && presented.credential.environment_kind == key.environment
            && aboard_vault::constant_time_eq(&presented.hash, &key.hash);
        if !(alive && same) {
            return Ok(None);
        }
        presented.used_at.store(now.as_microsecond(), Ordering::Relaxed);
        Ok(Some(presented))
    }

    /// Whether any app of any environment has registered a web origin, as a browser writes it.
    pub async fn is_app_origin(&self, origin: &str, now: Timestamp) -> Result<bool> {
        let forgotten = self.credentials.forgotten.load(Ordering::Acquire);
        if let Some(origins) = self.credentials.origins(now) {
            return Ok(origins.contains(origin));
        }
        let lists = self.all(ORIGINS, &[], |row| row.text(0)).await?;
        let origins = lists.iter().flat_map(|list| list.split_whitespace()).map(str::to_owned);
        let origins: Arc<HashSet<String>> = Arc::new(origins.collect());
        let known = origins.contains(origin);
        self.credentials.put_origins(origins, forgotten);
        Ok(known)
    }

    async fn find_key(&self, id: Uuid) -> Result<Option<Presented>> {
        self.one(FIND, &params![id: id], |row| {
            Ok(Presented {
                credential: Credential {
                    key: KeyId(id),
                    kind: row.word(0, KeyKind::parse)?,
                    environment: EnvironmentId(row.id(1)?),
                    environment_kind: row.word(2, EnvironmentKind::parse)?,
                    scopes: row.text(5)?.split_whitespace().map(str::to_owned).collect(),
                    per_minute: row.opt_int(6)?.and_then(|limit| u32::try_from(limit).ok()),
                    owner: row.id(3)?,
                },
                webhook_secret: row.opt_id(8)?.map(WebhookSecretId),
                hash: row
                    .bytes(4)?
                    .try_into()
                    .map_err(|_| super::StoreError::unreadable("hash"))?,
                expires_at: row.opt_time(7)?,
                used_at: AtomicI64::new(0),
                noted_at: AtomicI64::new(0),
            })
        })
        .await
    }

    /// Re-reads the revision and forgets what another process changed; true if something did. Every node calls
    /// it each second.
    pub async fn refresh_credentials(&self, now: Timestamp) -> Result<bool> {
        let revision = self.one(REVISION, &[], |row| row.int(0)).await?.unwrap_or_default();
        let changed = self.credentials.revision.swap(revision, Ordering::AcqRel) != revision;
        if changed {
            self.credentials.clear();
        }
        self.credentials
            .checked_at
            .store(now.as_microsecond(), Ordering::Release);
        Ok(changed)
    }

    /// The keys used since they were last noted.
    #[must_use]
    pub fn key_uses(&self) -> Vec<KeyUse> {
        let keys = self.credentials.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.values()
            .filter_map(|presented| {
                let used = presented.used_at.load(Ordering::Relaxed);
                let noted = presented.noted_at.swap(used, Ordering::Relaxed);
                let at = Timestamp::from_microsecond(used).ok()?;
                (used > noted).then_some(KeyUse {
                    key: presented.credential.key,
                    at,
                })
            })
            .collect()
    }

    /// Writes down when keys were last used.
    pub async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<()> {
        let script = uses.into_iter().fold(Script::default(), |script, KeyUse { key, at }| {
            script.then(NOTE_USE, params![at: at, id: key.0])
        });
        self.run(script).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NewKey;

    #[test]
    fn a_key_that_was_read_before_the_cache_was_emptied_is_not_put_back() {
        let key = NewKey::new(KeyKind::Partner, EnvironmentKind::Sandbox, Uuid::nil(), [7; 16]).key;
        let read = || {
            Arc::new(Presented {
                credential: Credential {
                    key: KeyId(key.id),
                    kind: key.kind,
                    environment: EnvironmentId(Uuid::nil()),
                    environment_kind: key.environment,
                    scopes: Vec::new(),
                    per_minute: None,
                    owner: Uuid::nil(),
                },
                webhook_secret: None,
                hash: key.hash,
                expires_at: None,
                used_at: AtomicI64::new(0),
                noted_at: AtomicI64::new(0),
            })
        };
        let cache = Cache::default();
        let kept = || cache.get(&key, Timestamp::UNIX_EPOCH).is_some();
        let forgotten = cache.forgotten.load(Ordering::Acquire);
        cache.put(key.id, read(), forgotten);
        assert!(kept());
        // Revoked, and forgotten, while another caller is still about to keep what it has read.
        cache.clear();
        cache.put(key.id, read(), forgotten);
        assert!(!kept());
    }
}
