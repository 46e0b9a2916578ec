//! Root keys: what they are for, and how they are kept.

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::ZeroizeOnDrop;

use crate::{Entropy, Kms, KmsError, Secret, hash::length_prefixed};

const KEY: usize = 32;

/// What a root key is for. A key of one purpose is never used for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Seals values in rows.
    Seal,
    /// MACs of one-time codes, so that a stolen database does not give them away.
    CodeMac,
    /// MACs of `secret0`, the user's half of a shared wallet.
    Secret0Mac,
    /// MACs of idempotency keys and of the requests they came with.
    Idempotency,
    /// MACs of the cursors that are handed to callers.
    Cursor,
    /// Makes the tokens that name a user to a hosted page; see [`Vault::lasting_mac`](crate::Vault::lasting_mac).
    UserToken,
    /// Seals of the audit log, each over the one before it.
    Audit,
}

impl Purpose {
    /// Every purpose, in the order of the enum. A [`Vault`](crate::Vault) needs a key for each.
    pub const ALL: &'static [Self] = &[
        Self::Seal,
        Self::CodeMac,
        Self::Secret0Mac,
        Self::Idempotency,
        Self::Cursor,
        Self::UserToken,
        Self::Audit,
    ];

    /// The name in the table `root_keys`. It is part of what a wrapped key is bound to: never
    /// change one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::CodeMac => "code_mac",
            Self::Secret0Mac => "secret0_mac",
            Self::Idempotency => "idempotency",
            Self::Cursor => "cursor",
            Self::UserToken => "user_token",
            Self::Audit => "audit",
        }
    }

    /// The purpose of that name, or `None`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.as_str() == name)
    }
}

// The vault finds a purpose's keys by its place in ALL.
const _: () = {
    let mut i = 0;
    while i < Purpose::ALL.len() {
        assert!(Purpose::ALL[i] as usize == i);
        i += 1;
    }
};

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A root key: 32 random bytes with an id and a purpose.
///
/// It is stored wrapped by the KEK and lives in memory inside a [`Vault`](crate::Vault).
pub struct RootKey {
    id: [u8; 16],
    purpose: Purpose,
    key: Secret,
    /// The same key prepared for HMAC; AWS-LC wipes it when freed.
    hmac: hmac::Key,
}

impl RootKey {
    /// A new random key. The id is public, goes into each row the key serves, and is the caller's
    /// so that it can be of the kind all ids are.
    #[must_use]
    pub fn generate(id: [u8; 16], purpose: Purpose, entropy: &dyn Entropy) -> Self {
        Self::from_key(id, purpose, Secret::random(KEY, entropy))
    }

    /// The key encrypted by the KEK and bound to its id and purpose, to be stored beside them.
    ///
    /// # Errors
    /// [`RootKeyError::Kms`] if the KMS did not wrap it.
    pub fn wrap(&self, kms: &dyn Kms, entropy: &dyn Entropy) -> Result<Vec<u8>, RootKeyError> {
        Ok(kms.wrap(&aad(self.id, self.purpose), self.key.expose(), entropy)?)
    }

    /// The key that [`RootKey::wrap`] encrypted under this id and purpose.
    ///
    /// # Errors
    /// [`RootKeyError::Kms`] if the KMS did not unwrap it, for instance because the row's id or
    /// purpose was changed; [`RootKeyError::Length`] if it is not a root key.
    pub fn unwrap(id: [u8; 16], purpose: Purpose, kms: &dyn Kms, wrapped: &[u8]) -> Result<Self, RootKeyError> {
        let key = kms.unwrap_key(&aad(id, purpose), wrapped)?;
        if key.len() != KEY {
            return Err(RootKeyError::Length { found: key.len() });
        }
        Ok(Self::from_key(id, purpose, key))
    }

    /// The key's public id.
    #[must_use]
    pub const fn id(&self) -> [u8; 16] {
        self.id
    }

    /// What the key is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) const fn hmac(&self) -> &hmac::Key {
        &self.hmac
    }

    fn from_key(id: [u8; 16], purpose: Purpose, key: Secret) -> Self {
        Self {
            id,
            purpose,
            hmac: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
            key,
        }
    }
}

impl ZeroizeOnDrop for RootKey {}

fn aad(id: [u8; 16], purpose: Purpose) -> Vec<u8> {
    length_prefixed(&[b"aboard-root-key-1", &id, purpose.as_str().as_bytes()])
}

/// Why a root key was not wrapped or unwrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootKeyError {
    /// The KMS said no.
    #[error(transparent)]
    Kms(#[from] KmsError),
    /// What was unwrapped is not 32 bytes long.
    #[error("a root key has 32 bytes and this one has {found}: restore it from a backup")]
    Length {
        /// The number of bytes found.
        found: usize,
    },
}
