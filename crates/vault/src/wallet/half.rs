//! The user's half of a shared wallet's key.

use aws_lc_rs::hmac;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{Place, WalletError};
use crate::{Entropy, Secret, envelope, hmac_sha256};

const VERSION: u8 = 1;
const LEN: usize = 32;

/// What the user adds to open a [`Custody::Shared`](super::Custody::Shared) wallet; see
/// [`Secret0::half`](super::Secret0::half).
///
/// It stands in no row. Between two requests it rides with the user: sealed under a key that only
/// a token carries ([`UserHalf::seal`]).
pub struct UserHalf(Secret);

impl UserHalf {
    pub(super) fn new(bytes: &[u8; LEN]) -> Self {
        Self(Secret::new(bytes.to_vec()))
    }

    /// Seals the half under `key`, fresh random bits that only a token of the user carries. The
    /// row that keeps the result goes when the token is spent or expires.
    ///
    /// `version 1 | salt (16) | ciphertext (32) | tag (16)`, bound to `place`.
    #[must_use]
    pub fn seal(&self, key: &[u8; 32], place: &Place, entropy: &dyn Entropy) -> Vec<u8> {
        envelope::seal(&riding(key), &[VERSION], &aad(place), self.0.expose(), entropy)
    }

    /// Opens what [`UserHalf::seal`] made with the same key for the same wallet.
    ///
    /// # Errors
    /// [`WalletError::Malformed`] or [`WalletError::Refused`].
    pub fn open(key: &[u8; 32], place: &Place, sealed: &[u8]) -> Result<Self, WalletError> {
        if sealed.first() != Some(&VERSION) {
            return Err(WalletError::Malformed);
        }
        let half = envelope::open(&riding(key), 1, &aad(place), sealed).ok_or(WalletError::Refused)?;
        if half.len() != LEN {
            return Err(WalletError::Malformed);
        }
        Ok(Self(half))
    }

    /// The key that seals a shared wallet: HKDF-SHA256 (RFC 5869) of `server ⊕ user`.
    ///
    /// Each half alone is 32 random bytes that say nothing about the key.
    pub(super) fn combine(&self, server: &Secret, place: &Place) -> Secret {
        let mut mixed = Zeroizing::new(vec![0; LEN]);
        for ((out, a), b) in mixed.iter_mut().zip(server.expose()).zip(self.0.expose()) {
            *out = a ^ b;
        }
        let extracted = Zeroizing::new(hmac_sha256(b"aboard-shared-1", &[&mixed]));
        let key = Zeroizing::new(hmac_sha256(&*extracted, &[&place.aad("shared key", &[]), &[1]]));
        Secret::new(key.to_vec())
    }
}

impl ZeroizeOnDrop for UserHalf {}

fn aad(place: &Place) -> Vec<u8> {
    place.aad("user half", &[])
}

fn riding(key: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}
