//! Sealing and MACs with the loaded root keys.

use std::{fmt, sync::Arc};

use crate::{
    Aad, Entropy, Kms, Purpose, RootKey, Secret, constant_time_eq, envelope,
    hash::{hmac_with, length_prefixed},
    text::hex,
};

const VERSION: u8 = 1;
const HEADER: usize = 1 + 16;

/// The loaded root keys and the [`Kms`] behind them.
///
/// It is made once at start and shared; all methods take `&self` and none does input or output.
pub struct Vault {
    kms: Arc<dyn Kms>,
    /// One ring per purpose, in the order of [`Purpose::ALL`].
    rings: Vec<Ring>,
}

/// The keys of one purpose. That there is a newest one holds by construction.
struct Ring {
    newest: RootKey,
    older: Vec<RootKey>,
}

impl Ring {
    fn find(&self, id: &[u8]) -> Option<&RootKey> {
        std::iter::once(&self.newest)
            .chain(&self.older)
            .find(|key| key.id() == id)
    }
}

impl Vault {
    /// Loads `keys`, at least one per purpose. Of one purpose the **last** seals and MACs; the
    /// ones before it still open and verify.
    ///
    /// # Errors
    /// [`VaultError::Missing`] names a purpose without a key; [`VaultError::Duplicate`] an id that
    /// two keys of one purpose share.
    pub fn new(kms: Arc<dyn Kms>, keys: Vec<RootKey>) -> Result<Self, VaultError> {
        let mut by_purpose: Vec<Vec<RootKey>> = Purpose::ALL.iter().map(|_| Vec::new()).collect();
        for key in keys {
            let ring = &mut by_purpose[key.purpose() as usize];
            if ring.iter().any(|other| other.id() == key.id()) {
                return Err(VaultError::Duplicate {
                    purpose: key.purpose(),
                    key_id: hex(&key.id()),
                });
            }
            ring.push(key);
        }
        let rings = by_purpose
            .into_iter()
            .zip(Purpose::ALL)
            .map(|(mut older, purpose)| {
                let newest = older.pop().ok_or(VaultError::Missing(*purpose))?;
                Ok(Ring { newest, older })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { kms, rings })
    }

    /// The KMS, for keys that it wraps directly (wallets' and users' own).
    #[must_use]
    pub fn kms(&self) -> &dyn Kms {
        &*self.kms
    }

    /// Seals `plaintext` for the place `aad` with the newest [`Purpose::Seal`] key.
    ///
    /// `version 1 | key id (16) | salt (16) | ciphertext | tag (16)`, so 49 bytes longer than the
    /// plaintext. AES-256-GCM with a fresh key per message, derived from the salt by HKDF-Expand.
    #[must_use]
    pub fn seal(&self, aad: &Aad, plaintext: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let key = &self.ring(Purpose::Seal).newest;
        let mut header = [VERSION; HEADER];
        header[1..].copy_from_slice(&key.id());
        envelope::seal(key.hmac(), &header, &aad.to_bytes(), plaintext, entropy)
    }

    /// Opens what [`Vault::seal`] made for the same place, with whichever loaded key sealed it.
    ///
    /// # Errors
    /// [`OpenError`]; a changed byte or another place is [`OpenError::Refused`].
    pub fn open(&self, aad: &Aad, sealed: &[u8]) -> Result<Secret, OpenError> {
        if sealed.len() < HEADER + envelope::OVERHEAD {
            return Err(OpenError::TooShort);
        }
        if sealed[0] != VERSION {
            return Err(OpenError::UnknownVersion(sealed[0]));
        }
        let id = &sealed[1..HEADER];
        let key = self
            .ring(Purpose::Seal)
            .find(id)
            .ok_or_else(|| OpenError::UnknownKey { key_id: hex(id) })?;
        envelope::open(key.hmac(), HEADER, &aad.to_bytes(), sealed).ok_or(OpenError::Refused)
    }

    /// The MAC of `parts` under the newest key of `purpose`.
    ///
    /// Each part goes in behind its length, so `["ab", "c"]` and `["a", "bc"]` differ.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> Mac {
        mac_with(&self.ring(purpose).newest, parts)
    }

    /// What [`Vault::mac`] gave for `purpose` and `parts` under each loaded key, the newest first: for
    /// finding a row by a MAC that may be older than the newest key.
    #[must_use]
    pub fn macs(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<Mac> {
        let ring = self.ring(purpose);
        std::iter::once(&ring.newest)
            .chain(ring.older.iter().rev())
            .map(|key| mac_with(key, parts))
            .collect()
    }

    /// Whether `mac` is what [`Vault::mac`] gave for `purpose` and `parts` under any loaded key.
    /// The tags are compared in constant time; an unknown key id is `false`.
    #[must_use]
    pub fn verify_mac(&self, purpose: Purpose, parts: &[&[u8]], mac: &Mac) -> bool {
        self.ring(purpose)
            .find(&mac.key_id)
            .is_some_and(|key| constant_time_eq(&mac_with(key, parts).tag, &mac.tag))
    }

    /// The MAC of `parts` under the **oldest** key of `purpose`: it stays the same when keys are added. For values
    /// that are derived again each time they are shown, and stored nowhere. An old key of such a purpose must be
    /// kept for good: taking it away changes every value.
    #[must_use]
    pub fn lasting_mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let ring = self.ring(purpose);
        mac_with(ring.older.first().unwrap_or(&ring.newest), parts).tag
    }

    fn ring(&self, purpose: Purpose) -> &Ring {
        // In bounds: `new` makes a ring for each of ALL, whose order is checked at compile time.
        &self.rings[purpose as usize]
    }
}

/// The label and the purpose keep a MAC apart from the message keys that a seal key derives.
fn mac_with(key: &RootKey, parts: &[&[u8]]) -> Mac {
    let head = length_prefixed(&[b"aboard-mac-1", key.purpose().as_str().as_bytes()]);
    let body = zeroize::Zeroizing::new(length_prefixed(parts));
    Mac {
        key_id: key.id(),
        tag: hmac_with(key.hmac(), &[&head, &body]),
    }
}

/// A MAC and the root key that made it, 48 bytes to be stored or sent.
///
/// It has no `==`, which would leak by its timing: use [`Vault::verify_mac`].
#[derive(Clone, Copy)]
pub struct Mac {
    /// The id of the root key.
    pub key_id: [u8; 16],
    /// HMAC-SHA256.
    pub tag: [u8; 32],
}

/// Without the tag, which is what makes a forged cursor or code pass.
impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mac")
            .field("key_id", &hex(&self.key_id))
            .finish_non_exhaustive()
    }
}

/// Why root keys do not make a [`Vault`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// No key of this purpose was given.
    #[error("there is no root key of the purpose {0}: restore the root keys from a backup")]
    Missing(Purpose),
    /// Two keys of this purpose have one id, so rows would not say which of them they mean.
    #[error("two root keys of the purpose {purpose} have the id {key_id}: remove one of them")]
    Duplicate {
        /// The purpose of both.
        purpose: Purpose,
        /// The id of both, in hex.
        key_id: String,
    },
}

/// Why a sealed value did not open. No variant holds secret bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Fewer bytes than any sealed value has.
    #[error("the sealed value is cut off: restore it from a backup")]
    TooShort,
    /// The first byte names a layout this release does not know.
    #[error("the sealed value has the unknown version {0}: upgrade Aboard")]
    UnknownVersion(u8),
    /// The root key that sealed it is not loaded; the id is in hex.
    #[error("the root key {key_id} is not loaded: restore it from a backup")]
    UnknownKey {
        /// The id in the value.
        key_id: String,
    },
    /// It was changed, or it was sealed for another place.
    #[error("the sealed value is not authentic where it stands: restore it from a backup")]
    Refused,
}
