//! Keys that sign tokens, in the three algorithms of RFC 7518 and RFC 8037 that can be chosen.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::ZeroizeOnDrop;

use crate::{Entropy, Secret, SigningKey, constant_time_eq};

/// How a key signs. There is no other: above all none with a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    EdDsa,
    /// ECDSA over P-256 with SHA-256; the signature is r and s, 32 bytes each (RFC 7518, 3.4), not DER.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a modulus of 2048 bits.
    Rs256,
}

impl Algorithm {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// The `alg` of JOSE.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads an `alg`, in this very spelling.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == word)
    }
}

/// The public half of a [`TokenKey`], as numbers that a JWK is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519: the point.
    Ed25519 {
        /// Compressed, as RFC 8032 writes it.
        x: [u8; 32],
    },
    /// P-256: the point's coordinates, big-endian.
    P256 {
        /// The first.
        x: [u8; 32],
        /// The second.
        y: [u8; 32],
    },
    /// RSA: modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// 256 bytes.
        n: Vec<u8>,
        /// 65537.
        e: Vec<u8>,
    },
}

/// A private key that signs tokens in one algorithm, parsed once; both halves stay ready.
pub struct TokenKey {
    private: Secret,
    signer: Signer,
    public: PublicKey,
}

enum Signer {
    EdDsa(SigningKey),
    Es256(EcdsaKeyPair, ParsedPublicKey),
    Rs256(RsaKeyPair, ParsedPublicKey),
}

/// `RSAPublicKey` (RFC 8017) of a 2048-bit modulus, before and after the modulus.
const RSA_HEAD: [u8; 9] = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
const RSA_TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
const RSA_MODULUS: usize = 256;

impl TokenKey {
    /// A new random key. `entropy` makes Ed25519 keys; the others come from AWS-LC's own generator, which takes
    /// none from outside. An RSA key takes a good part of a second.
    ///
    /// # Errors
    /// [`TokenKeyError`] if AWS-LC cannot make one.
    pub fn generate(algorithm: Algorithm, entropy: &dyn Entropy) -> Result<Self, TokenKeyError> {
        let failed = |_| TokenKeyError { algorithm };
        let private = match algorithm {
            Algorithm::EdDsa => SigningKey::generate(entropy).seed(),
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
                // AWS-LC wipes its copy when it is dropped.
                Secret::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                Secret::new(der.as_ref().to_vec())
            }
        };
        Self::parsed(algorithm, private)
    }

    /// The key of a stored private half; see [`TokenKey::private`].
    ///
    /// # Errors
    /// [`TokenKeyError`] if it is no key of this algorithm and size.
    pub fn from_private(algorithm: Algorithm, private: &[u8]) -> Result<Self, TokenKeyError> {
        Self::parsed(algorithm, Secret::new(private.to_vec()))
    }

    fn parsed(algorithm: Algorithm, private: Secret) -> Result<Self, TokenKeyError> {
        let wrong = || TokenKeyError { algorithm };
        let bytes = private.expose();
        let (signer, public) = match algorithm {
            Algorithm::EdDsa => {
                let key = SigningKey::from_seed(bytes).map_err(|_| wrong())?;
                let x = key.public();
                (Signer::EdDsa(key), PublicKey::Ed25519 { x })
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(|_| wrong())?;
                let point = pair.public_key().as_ref();
                let public = point_of(point).ok_or_else(wrong)?;
                let verifier = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| wrong())?;
                (Signer::Es256(pair, verifier), public)
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(bytes).map_err(|_| wrong())?;
                let der = pair.public_key().as_ref();
                let public = numbers_of(der).ok_or_else(wrong)?;
                let verifier = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(|_| wrong())?;
                (Signer::Rs256(pair, verifier), public)
            }
        };
        Ok(Self {
            private,
            signer,
            public,
        })
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.signer {
            Signer::EdDsa(_) => Algorithm::EdDsa,
            Signer::Es256(..) => Algorithm::Es256,
            Signer::Rs256(..) => Algorithm::Rs256,
        }
    }

    /// A copy of the private half, to be sealed and stored: the 32-byte seed of an Ed25519 key, PKCS #8 of the
    /// others.
    #[must_use]
    pub fn private(&self) -> Secret {
        Secret::new(self.private.expose().to_vec())
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signature of `message`, in JOSE's form.
    ///
    /// # Errors
    /// [`TokenKeyError`] if AWS-LC cannot sign (it is out of memory).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenKeyError> {
        let failed = |_| TokenKeyError {
            algorithm: self.algorithm(),
        };
        let random = SystemRandom::new();
        match &self.signer {
            Signer::EdDsa(key) => Ok(key.sign(message).to_vec()),
            Signer::Es256(pair, _) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Signer::Rs256(pair, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
        }
    }

    /// Whether `signature` is one of `message` by this key, in this key's algorithm and form alone.
    ///
    /// Ed25519 signs a message in one way (RFC 8032, 5.1.6) and the private half is at hand: signing again and comparing
    /// takes a third of the time of a verification, and accepts nothing that a verification refuses.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.signer {
            Signer::EdDsa(key) => constant_time_eq(&key.sign(message), signature),
            Signer::Es256(_, verifier) | Signer::Rs256(_, verifier) => verifier.verify_sig(message, signature).is_ok(),
        }
    }
}

impl ZeroizeOnDrop for TokenKey {}

/// The coordinates of an uncompressed point (SEC 1).
fn point_of(point: &[u8]) -> Option<PublicKey> {
    let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32)?;
    Some(PublicKey::P256 {
        x: x.try_into().ok()?,
        y: y.try_into().ok()?,
    })
}

/// Modulus and exponent of a key that [`TokenKey::generate`] can have made; any other shape is `None`.
fn numbers_of(der: &[u8]) -> Option<PublicKey> {
    let n = der.strip_prefix(&RSA_HEAD)?.strip_suffix(&RSA_TAIL)?;
    // A modulus of 2048 bits has its highest bit set.
    (n.len() == RSA_MODULUS && n.first()? & 0x80 != 0).then(|| PublicKey::Rsa {
        n: n.to_vec(),
        e: RSA_TAIL[2..].to_vec(),
    })
}

/// A key that signs tokens cannot be made, read or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no private key for {}, or it cannot be used: restore it from a backup, or rotate the environment's signing key", .algorithm.as_str())]
pub struct TokenKeyError {
    /// The algorithm that was asked for.
    pub algorithm: Algorithm,
}
