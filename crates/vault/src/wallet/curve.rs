//! secp256k1, for Ethereum and Bitcoin: one library (libsecp256k1) and one context.

use std::sync::LazyLock;

use bitcoin::secp256k1::{All, Message, PublicKey, Scalar, Secp256k1, SecretKey, ecdsa};

use crate::{Entropy, SystemEntropy};

/// Made once. Blinded with fresh randomness, which changes no result and hides the key from who
/// can measure the machine; for that reason it is not the caller's entropy.
pub(super) static SECP: LazyLock<Secp256k1<All>> = LazyLock::new(|| {
    let mut context = Secp256k1::new();
    context.seeded_randomize(&SystemEntropy.array());
    context
});

/// A private key of the curve, overwritten when dropped.
pub(super) struct SecpKey(SecretKey);

impl SecpKey {
    /// The key of these 32 bytes; `None` if they are zero, not below the order, or not 32.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        SecretKey::from_slice(bytes).ok().map(Self)
    }

    pub(super) fn public(&self) -> PublicKey {
        self.0.public_key(&SECP)
    }

    /// `self + tweak` modulo the order; `None` where BIP-32 calls the child invalid.
    pub(super) fn add(&self, tweak: [u8; 32]) -> Option<Self> {
        let tweak = Scalar::from_be_bytes(tweak).ok()?;
        self.0.add_tweak(&tweak).ok().map(Self)
    }

    /// The 32 bytes. The copy is the caller's to wipe.
    pub(super) fn bytes(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.secret_bytes())
    }

    /// `r ‖ s` with the low `s`, the nonce of RFC 6979, and whether the nonce's point has an odd y.
    pub(super) fn sign_recoverable(&self, digest: [u8; 32]) -> ([u8; 64], bool) {
        let (id, signature) = SECP
            .sign_ecdsa_recoverable(&Message::from_digest(digest), &self.0)
            .serialize_compact();
        (signature, id.to_i32() & 1 == 1)
    }

    /// The same signature as Bitcoin holds it.
    pub(super) fn sign(&self, digest: [u8; 32]) -> ecdsa::Signature {
        SECP.sign_ecdsa(&Message::from_digest(digest), &self.0)
    }
}

impl Drop for SecpKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}
