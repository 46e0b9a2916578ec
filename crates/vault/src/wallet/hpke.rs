//! HPKE (RFC 9180), base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, and an AEAD.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey},
    agreement::{PrivateKey, UnparsedPublicKey, X25519, agree},
};
use zeroize::Zeroizing;

use crate::{Secret, hmac_sha256};

const KEM: [u8; 5] = *b"KEM\x00\x20";

/// The AEAD of a suite. Only one is in use; the other is that of the RFC's test vectors.
#[derive(Clone, Copy)]
pub(super) enum Cipher {
    Aes256Gcm,
    #[cfg(test)]
    Aes128Gcm,
}

impl Cipher {
    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Aes256Gcm => &AES_256_GCM,
            #[cfg(test)]
            Self::Aes128Gcm => &aws_lc_rs::aead::AES_128_GCM,
        }
    }

    /// `"HPKE" ‖ kem ‖ kdf ‖ aead`.
    const fn suite(self) -> [u8; 10] {
        let aead = match self {
            Self::Aes256Gcm => 2,
            #[cfg(test)]
            Self::Aes128Gcm => 1,
        };
        [b'H', b'P', b'K', b'E', 0, 0x20, 0, 1, 0, aead]
    }
}

/// The first message of a context: the encapsulated key and the ciphertext with its tag.
pub(super) struct Sealed {
    pub enc: [u8; 32],
    pub ciphertext: Vec<u8>,
}

/// `SealBase`. `ephemeral` is the sender's private key: 32 fresh random bytes. `None` if `recipient`
/// is no X25519 key or one of small order, whose shared secret would be zero.
pub(super) fn seal(
    cipher: Cipher,
    recipient: &[u8],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    ephemeral: &Secret,
) -> Option<Sealed> {
    let private = PrivateKey::from_private_key(&X25519, ephemeral.expose()).ok()?;
    let mut enc = [0; 32];
    enc.copy_from_slice(private.compute_public_key().ok()?.as_ref());
    if recipient.len() != enc.len() {
        return None;
    }
    let dh = agree(&private, UnparsedPublicKey::new(&X25519, recipient), (), |shared| {
        Ok(Zeroizing::new(shared.to_vec()))
    })
    .ok()?;
    if dh.iter().all(|byte| *byte == 0) {
        return None;
    }

    let context = [&enc[..], recipient].concat();
    let eae_prk = extract(&KEM, &[], b"eae_prk", &dh);
    let shared_secret = expand(&KEM, &*eae_prk, b"shared_secret", &context, 32);

    let suite = cipher.suite();
    let psk_id_hash = extract(&suite, &[], b"psk_id_hash", &[]);
    let info_hash = extract(&suite, &[], b"info_hash", info);
    let context = [&[0][..], &*psk_id_hash, &*info_hash].concat();
    let secret = extract(&suite, &shared_secret, b"secret", &[]);
    let key = expand(&suite, &*secret, b"key", &context, cipher.algorithm().key_len());
    let nonce = expand(&suite, &*secret, b"base_nonce", &context, 12);

    let key = LessSafeKey::new(UnboundKey::new(cipher.algorithm(), &key).ok()?);
    // A first message has the sequence number 0, so the nonce is the base nonce; the key is new.
    let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
    let mut ciphertext = Vec::with_capacity(plaintext.len() + cipher.algorithm().tag_len());
    ciphertext.extend_from_slice(plaintext);
    key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut ciphertext)
        .ok()?;
    Some(Sealed { enc, ciphertext })
}

/// `LabeledExtract`.
fn extract(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac_sha256(salt, &[b"HPKE-v1", suite, label, ikm]))
}

/// `LabeledExpand` to at most 32 bytes, one block.
fn expand(suite: &[u8], prk: &[u8], label: &[u8], info: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    debug_assert!(len <= 32);
    let length = [0, len.to_le_bytes()[0]];
    let block = Zeroizing::new(hmac_sha256(prk, &[&length, b"HPKE-v1", suite, label, info, &[1]]));
    Zeroizing::new(block[..len].to_vec())
}
