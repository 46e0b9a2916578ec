//! Signatures of outgoing webhooks.
//!
//! Source: <https://www.standardwebhooks.com>: version 1 (HMAC-SHA256 over `id.timestamp.body`) and version 1a (Ed25519
//! over the same). Beside them the headers that the documented surfaces promise: `X-Webhook-Secret` of the partners' and
//! `Waffy-Signature` of the users', both the HMAC-SHA256 of the raw body in lower-case hex.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use aboard_vault::{SigningKey, hmac_sha256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Invalid;

/// What a secret's Ed25519 key is made from, so that one secret stands for both signatures.
const ED25519: &[u8] = b"aboard webhook ed25519";

/// A secret that signs webhooks: 24 to 64 bytes, ours have 32, shown once as `whsec_…` (base64).
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>, Arc<OnceLock<Option<SigningKey>>>);

impl WebhookSecret {
    /// Wraps fresh random or opened bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into(), Arc::default())
    }

    /// Reads a secret that somebody made: `whsec_` and base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// It is none. What was sent is never repeated.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("Send whsec_ and the base64 of 24 to 64 random bytes, or leave the secret out.");
        let bytes = text.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| (24..=64).contains(&bytes.len()));
        bytes.map(Self::new).ok_or_else(wrong)
    }

    /// The bytes, for sealing.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        format!("whsec_{}", STANDARD.encode(&*self.0)).into()
    }

    /// `webhook-signature` of one attempt: `v1,<base64>`.
    ///
    /// `seconds` is the Unix time of the attempt, as in `webhook-timestamp`.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let head = format!("{id}.{seconds}.");
        format!("v1,{}", STANDARD.encode(hmac_sha256(&self.0, &[head.as_bytes(), body])))
    }

    /// The second signature of `webhook-signature`: `v1a,<base64>`, which [`WebhookSecret::public_key`] verifies.
    #[must_use]
    pub fn sign_v1a(&self, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
        let message = [format!("{id}.{seconds}.").as_bytes(), body].concat();
        Some(format!("v1a,{}", STANDARD.encode(self.key()?.sign(&message))))
    }

    /// What verifies the second signature: `whpk_<base64>`. No secret.
    #[must_use]
    pub fn public_key(&self) -> Option<String> {
        Some(format!("whpk_{}", STANDARD.encode(self.key()?.public())))
    }

    /// Made once: it takes longer than to sign.
    fn key(&self) -> Option<&SigningKey> {
        let made = || SigningKey::from_seed(&hmac_sha256(&self.0, &[ED25519])).ok();
        self.1.get_or_init(made).as_ref()
    }

    /// `X-Webhook-Secret`: hex of the body's HMAC under the text of the secret, which is what integrators hold.
    #[must_use]
    pub fn sign_body(&self, body: &[u8]) -> String {
        let mut hex = String::with_capacity(64);
        for byte in hmac_sha256(self.expose().as_bytes(), &[body]) {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_met() {
        let secret = WebhookSecret::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(&*secret.expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn the_second_signature_verifies_with_the_public_key() {
        let secret = WebhookSecret::new(vec![7; 32]);
        let public = secret.public_key().unwrap();
        let public: [u8; 32] = STANDARD.decode(&public["whpk_".len()..]).unwrap().try_into().unwrap();
        let signed = secret.sign_v1a("evt_1", 1, b"{}").unwrap();
        let signature = STANDARD.decode(&signed["v1a,".len()..]).unwrap();
        assert!(aboard_vault::verify(&public, b"evt_1.1.{}", &signature));
        assert!(!aboard_vault::verify(&public, b"evt_1.2.{}", &signature));
        assert_ne!(WebhookSecret::new(vec![8; 32]).public_key(), secret.public_key());
    }

    #[test]
    fn a_secret_of_ones_own_is_read_as_it_is_shown() {
        for length in [24, 32, 64] {
            let secret = WebhookSecret::new(vec![3; length]);
            let read = WebhookSecret::parse(&secret.expose()).unwrap();
            assert_eq!(read.expose_bytes(), secret.expose_bytes());
        }
        let short = WebhookSecret::new(vec![3; 23]).expose();
        for wrong in [
            "",
            "whsec_",
            "abc",
            "whsec_???",
            &short,
            "whpk_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD",
        ] {
            assert!(WebhookSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_partner_header_is_the_hex_of_the_body() {
        let secret = WebhookSecret::new(vec![1; 32]);
        let header = secret.sign_body(b"{}");
        assert_eq!(header.len(), 64);
        assert_ne!(header, secret.sign_body(b"{ }"));
    }
}
