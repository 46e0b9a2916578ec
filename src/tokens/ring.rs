//! The keys of one environment.

use aboard_vault::TokenKey;
use jiff::Timestamp;

use super::jwks::{Jwk, PublishedKeys};
use crate::domain::{SigningKeyId, SigningPurpose};

/// An environment's keys, per purpose and the newest last. What one purpose's keys sign never passes as the other's.
#[derive(Default)]
pub struct Ring {
    published: Vec<RingKey>,
    private: Vec<RingKey>,
}

/// A key with its name and its end.
pub struct RingKey {
    id: SigningKeyId,
    key: TokenKey,
    retired_at: Option<Timestamp>,
}

impl RingKey {
    /// A key that verifies until `retired_at`, and signs until a newer one is there.
    pub fn new(id: SigningKeyId, key: TokenKey, retired_at: Option<Timestamp>) -> Self {
        Self { id, key, retired_at }
    }

    /// Its name, the `kid`.
    pub fn id(&self) -> SigningKeyId {
        self.id
    }

    /// The key itself.
    pub fn key(&self) -> &TokenKey {
        &self.key
    }

    /// Whether what it signed still passes.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.retired_at.is_none_or(|end| end > now)
    }
}

impl Ring {
    /// Puts a key after those that are there.
    pub fn add(&mut self, purpose: SigningPurpose, key: RingKey) {
        match purpose {
            SigningPurpose::Published => self.published.push(key),
            SigningPurpose::Private => self.private.push(key),
        }
    }

    /// The key that signs: the newest one that is not about to end.
    pub fn signer(&self, purpose: SigningPurpose, now: Timestamp) -> Option<&RingKey> {
        let mut alive = self.of(purpose).iter().rev().filter(|key| key.is_alive(now));
        let newest = alive.clone().next();
        alive.find(|key| key.retired_at.is_none()).or(newest)
    }

    /// A key by its name, alive or not.
    pub fn find(&self, purpose: SigningPurpose, id: SigningKeyId) -> Option<&RingKey> {
        self.of(purpose).iter().find(|key| key.id == id)
    }

    /// What everybody may read.
    pub fn published(&self, now: Timestamp) -> PublishedKeys {
        let alive = || self.published.iter().filter(|key| key.is_alive(now));
        PublishedKeys::new(
            alive().map(|key| Jwk::new(key.id, &key.key)).collect(),
            alive().filter_map(|key| key.retired_at).min(),
            now,
        )
    }

    fn of(&self, purpose: SigningPurpose) -> &[RingKey] {
        match purpose {
            SigningPurpose::Published => &self.published,
            SigningPurpose::Private => &self.private,
        }
    }
}
