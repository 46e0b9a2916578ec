//! Taking the phrase out, to a key that the user's client brings.

use super::{
    Place,
    hpke::{Cipher, seal},
};
use crate::{Entropy, Secret};

const INFO: &[u8] = b"aboard-wallet-export-1";

/// A phrase encrypted to a client's key: HPKE (RFC 9180) in base mode with DHKEM(X25519,
/// HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, suite `0x0020, 0x0001, 0x0002`.
///
/// `info` is `aboard-wallet-export-1`, `aad` the wallet's id (16 bytes), the plaintext the words in
/// ASCII with one space between them. Not secret, but for its client alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The encapsulated key.
    pub enc: [u8; 32],
    /// The ciphertext, the tag at its end.
    pub ciphertext: Vec<u8>,
}

pub(super) fn export(place: &Place, client: &[u8], words: &[u8], entropy: &dyn Entropy) -> Option<Exported> {
    let ephemeral = Secret::random(32, entropy);
    let sealed = seal(Cipher::Aes256Gcm, client, INFO, &place.wallet, words, &ephemeral)?;
    Some(Exported {
        enc: sealed.enc,
        ciphertext: sealed.ciphertext,
    })
}
