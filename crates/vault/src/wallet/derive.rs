//! From a seed to a key: BIP-32 on secp256k1, SLIP-10 on Ed25519.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::curve::SecpKey;
use crate::Secret;

/// The bit that makes a step of a path hardened.
const HARDENED: u32 = 1 << 31;

/// A step that is written with a tick, such as `44'`.
pub(super) const fn hardened(step: u32) -> u32 {
    step | HARDENED
}

/// A chain code and the left half of its HMAC.
type Half = Zeroizing<[u8; 32]>;

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> (Half, Half) {
    // AWS-LC wipes its key and its state.
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, key));
    for part in parts {
        context.update(part);
    }
    let tag = context.sign();
    let (mut left, mut right) = (Half::default(), Half::default());
    left.copy_from_slice(&tag.as_ref()[..32]);
    right.copy_from_slice(&tag.as_ref()[32..]);
    (left, right)
}

/// The private key at `path` under `seed` (BIP-32).
///
/// `None` with a chance below 2⁻¹²⁷ a step: the standard calls such a child invalid.
pub(super) fn secp256k1(seed: &[u8], path: &[u32]) -> Option<(SecpKey, Half)> {
    let (key, mut chain) = hmac_sha512(b"Bitcoin seed", &[seed]);
    let mut key = SecpKey::from_slice(&*key)?;
    for step in path {
        let number = step.to_be_bytes();
        let (left, right) = if step & HARDENED == 0 {
            hmac_sha512(&*chain, &[&key.public().serialize(), &number])
        } else {
            hmac_sha512(&*chain, &[&[0], &*key.bytes(), &number])
        };
        key = key.add(*left)?;
        chain = right;
    }
    Some((key, chain))
}

/// The private key (a seed in the words of RFC 8032) at `path` under `seed` (SLIP-10).
///
/// Ed25519 has hardened steps only: each is taken as one.
pub(super) fn ed25519(seed: &[u8], path: &[u32]) -> (Secret, Half) {
    let (mut key, mut chain) = hmac_sha512(b"ed25519 seed", &[seed]);
    for step in path {
        (key, chain) = hmac_sha512(&*chain, &[&[0], &*key, &hardened(*step).to_be_bytes()]);
    }
    (Secret::new(key.to_vec()), chain)
}
