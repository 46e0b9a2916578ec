//! The sealed form that the vault and the key file share.
//!
//! `header | salt (16) | ciphertext | tag (16)`, where the header is the caller's (a version byte
//! and a key id).

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use zeroize::Zeroizing;

use crate::{Entropy, Secret, hash::hmac_with};

const SALT: usize = 16;
const TAG: usize = 16;

/// What an envelope adds to the header and the plaintext.
pub(crate) const OVERHEAD: usize = SALT + TAG;

/// The key for one message: HKDF-Expand-SHA256 (RFC 5869, one block) of the long-lived key, which
/// is uniformly random and so needs no extract step.
///
/// AES-GCM falls apart when a nonce repeats under a key, and its 96 bits are too few to draw at
/// random here: one root key may seal 10,000 messages a second, which passes the 2^32 messages
/// that NIST SP 800-38D (8.3) allows within five days. So each message gets its own key from a
/// fresh 128-bit salt and uses it once, which lets the nonce be fixed. Ten years at that rate are
/// fewer than 2^42 messages; the chance that two salts ever meet is below 2^-45, far under the
/// 2^-32 that NIST asks for.
fn message_key(key: &hmac::Key, salt: &[u8]) -> LessSafeKey {
    let bytes = Zeroizing::new(hmac_with(key, &[b"aboard-seal-1", salt, &[1]]));
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*bytes).expect("32 bytes is the length of an AES-256 key"))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// The header has one length per version, so putting it in front of the AAD is unambiguous. With
/// it authenticated, nobody can relabel a value as of another version or key.
fn bound(header: &[u8], aad: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([header, aad].concat())
}

/// Seals `plaintext` behind `header`, binding both `header` and `aad`.
pub(crate) fn seal(key: &hmac::Key, header: &[u8], aad: &[u8], plaintext: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let salt: [u8; SALT] = Entropy::array(&entropy);
    let start = header.len() + SALT;
    // All the room at once: a growing buffer would leave the plaintext in freed memory.
    let mut out = Vec::with_capacity(start + plaintext.len() + TAG);
    out.extend_from_slice(header);
    out.extend_from_slice(&salt);
    out.extend_from_slice(plaintext);
    let tag = message_key(key, &salt)
        .seal_in_place_separate_tag(nonce(), bound(header, aad), &mut out[start..])
        .expect("AES-GCM refuses only plaintexts over 64 GiB, which no value of ours can be");
    out.extend_from_slice(tag.as_ref());
    out
}

/// Opens what [`seal`] made, given the length of its header. `None` if it is too short or not
/// authentic; more than that is not known.
pub(crate) fn open(key: &hmac::Key, header_len: usize, aad: &[u8], sealed: &[u8]) -> Option<Secret> {
    let (header, rest) = sealed.split_at_checked(header_len)?;
    let (salt, rest) = rest.split_at_checked(SALT)?;
    let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
    // A buffer of its own that is wiped also when the tag turns out wrong.
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    message_key(key, salt)
        .open_separate_gather(nonce(), bound(header, aad), ciphertext, tag, &mut plaintext)
        .ok()?;
    Some(Secret::new(std::mem::take(&mut *plaintext)))
}
