//! Published keys, as RFC 7517 (JWK), RFC 7518 (EC, RSA) and RFC 8037 (OKP) write them.

use aboard_vault::{PublicKey, TokenKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;

use crate::domain::SigningKeyId;

/// The longest that anybody may keep a copy, in seconds. A verifier that meets a new `kid` reads again at once;
/// this bounds how long one goes on with a key whose overlap was zero.
const LONGEST_KEPT: i64 = 300;

/// The keys that an environment publishes.
#[derive(Debug)]
pub struct PublishedKeys {
    /// The keys, the newest last.
    pub keys: Vec<Jwk>,
    /// How long a copy may be kept, in seconds: none outlives a key that is about to end.
    pub max_age: i64,
}

impl PublishedKeys {
    /// `ends_at` is when the first of them ends.
    pub(super) fn new(keys: Vec<Jwk>, ends_at: Option<Timestamp>, now: Timestamp) -> Self {
        let left = ends_at.map_or(LONGEST_KEPT, |end| now.duration_until(end).as_secs());
        Self {
            keys,
            max_age: left.clamp(0, LONGEST_KEPT),
        }
    }
}

/// One public key.
#[derive(Debug, Clone, Serialize)]
pub struct Jwk {
    #[serde(flatten)]
    numbers: Numbers,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: SigningKeyId,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kty")]
enum Numbers {
    #[serde(rename = "OKP")]
    Octets { crv: &'static str, x: String },
    #[serde(rename = "EC")]
    Curve { crv: &'static str, x: String, y: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

impl Jwk {
    /// The public half of a key.
    pub(super) fn new(kid: SigningKeyId, key: &TokenKey) -> Self {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let numbers = match key.public() {
            PublicKey::Ed25519 { x } => Numbers::Octets {
                crv: "Ed25519",
                x: text(x),
            },
            PublicKey::P256 { x, y } => Numbers::Curve {
                crv: "P-256",
                x: text(x),
                y: text(y),
            },
            PublicKey::Rsa { n, e } => Numbers::Rsa { n: text(n), e: text(e) },
        };
        Self {
            numbers,
            alg: key.algorithm().as_str(),
            usage: "sig",
            kid,
        }
    }
}
