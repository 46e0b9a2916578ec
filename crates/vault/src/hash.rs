//! SHA-256, HMAC-SHA256, and comparing in constant time.

use aws_lc_rs::{constant_time, digest, hmac};

/// SHA-256 of `data` (FIPS 180-4).
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
    out
}

/// HMAC-SHA256 under `key` of all `parts` one after the other (RFC 2104, RFC 4231).
///
/// The parts are joined as they are: `["ab", "c"]` and `["a", "bc"]` give the same result. Where
/// that matters use [`Vault::mac`](crate::Vault::mac), which writes each length.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    hmac_with(&hmac::Key::new(hmac::HMAC_SHA256, key), parts)
}

/// Whether `a` and `b` are equal, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// As [`hmac_sha256`], with a key that was prepared before.
pub(crate) fn hmac_with(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// Joins `parts`, each behind its length (8 bytes, big-endian), so that no two different lists
/// give the same bytes.
pub(crate) fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}
