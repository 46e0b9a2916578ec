//! A six-digit PIN over a copy of `secret0`.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::secret0::{LEN, Secret0Error};
use crate::{Secret, hmac_sha256};

/// Memory in KiB and rounds: the first of OWASP's choices for argon2id.
const MEMORY: u32 = 19 * 1024;
const ROUNDS: u32 = 2;

/// Six digits that a user chose.
pub struct Pin(Zeroizing<[u8; 6]>);

impl Pin {
    /// Reads exactly six ASCII digits.
    ///
    /// # Errors
    /// [`Secret0Error::PinFormat`].
    pub fn parse(text: &str) -> Result<Self, Secret0Error> {
        let digits: &[u8; 6] = text.as_bytes().try_into().map_err(|_| Secret0Error::PinFormat)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(Secret0Error::PinFormat);
        }
        Ok(Self(Zeroizing::new(*digits)))
    }
}

impl ZeroizeOnDrop for Pin {}

/// `secret ⊕ HMAC(pepper, wallet, argon2id(pin))`; the same call takes the mask off again.
///
/// There is no tag on purpose. A PIN is one of a million: who has a copy *and* the pepper could try
/// them all against a tag, alone and for good. Without one every PIN gives a secret that looks
/// right, and only the server can tell, which counts the tries. The mask is used once, because
/// every copy has its own pepper.
pub(super) fn mask(secret: &[u8], wallet: [u8; 16], pin: &Pin, pepper: &Secret) -> Secret {
    debug_assert_eq!(secret.len(), LEN);
    let params = Params::new(MEMORY, ROUNDS, 1, Some(32)).expect("these are numbers that argon2 takes");
    let salt = hmac_sha256(pepper.expose(), &[b"aboard-pin-salt-1", &wallet]);
    let mut stretched = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(&*pin.0, &salt, &mut *stretched)
        .expect("a PIN and a hash are of lengths that argon2 takes");
    let mask = Zeroizing::new(hmac_sha256(
        pepper.expose(),
        &[b"aboard-pin-mask-1", &wallet, &*stretched],
    ));
    Secret::new(secret.iter().zip(mask.iter()).map(|(a, b)| a ^ b).collect())
}
