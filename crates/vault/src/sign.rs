//! Ed25519 (RFC 8032), for tokens.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use zeroize::ZeroizeOnDrop;

use crate::{Entropy, Secret};

const SEED: usize = 32;

/// An Ed25519 private key, parsed once and ready to sign.
pub struct SigningKey {
    seed: Secret,
    /// AWS-LC wipes it when freed.
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl SigningKey {
    /// A new random key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::parsed(Secret::random(SEED, entropy)).unwrap_or_else(|_| unreachable!("any 32 bytes are an Ed25519 seed"))
    }

    /// The key of this seed: the 32 bytes that RFC 8032 calls the private key.
    ///
    /// # Errors
    /// [`SeedError`] if there are not 32 bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, SeedError> {
        Self::parsed(Secret::new(seed.to_vec()))
    }

    fn parsed(seed: Secret) -> Result<Self, SeedError> {
        // Not left to AWS-LC, which promises an error only for seeds that are too short.
        if seed.len() != SEED {
            return Err(SeedError { found: seed.len() });
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| SeedError { found: seed.len() })?;
        let mut public = [0; 32];
        public.copy_from_slice(aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref());
        Ok(Self { seed, pair, public })
    }

    /// A copy of the seed, to be sealed and stored.
    #[must_use]
    pub fn seed(&self) -> Secret {
        Secret::new(self.seed.expose().to_vec())
    }

    /// The signature of `message`; the same message always gets the same one.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut out = [0; 64];
        out.copy_from_slice(self.pair.sign(message).as_ref());
        out
    }

    /// The public key, as it stands in a JWK's `x` before base64url.
    #[must_use]
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }
}

impl ZeroizeOnDrop for SigningKey {}

/// Whether `signature` is one of `message` by the private key of `public`. Any length of
/// `signature` but 64, and a `public` that is no point of the curve, are `false`.
#[must_use]
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public)
        .verify(message, signature)
        .is_ok()
}

/// The seed does not have 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an Ed25519 seed has 32 bytes and this one has {found}: restore it from a backup")]
pub struct SeedError {
    /// The number of bytes given.
    pub found: usize,
}
