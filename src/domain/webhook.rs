//! Signatures of outgoing webhooks.
//!
//! Source: <https://www.standardwebhooks.com>, version 1 (HMAC-SHA256 over `id.timestamp.body`), and the
//! partner surface's own header `X-Webhook-Secret`: lower-case hex of HMAC-SHA256 over the raw body.

use std::fmt::Write as _;

use aboard_vault::hmac_sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A secret that signs webhooks: 32 bytes, shown once as `whsec_…` (base64).
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl WebhookSecret {
    /// Wraps fresh random or opened bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
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
    fn the_partner_header_is_the_hex_of_the_body() {
        let secret = WebhookSecret::new(vec![1; 32]);
        let header = secret.sign_body(b"{}");
        assert_eq!(header.len(), 64);
        assert_ne!(header, secret.sign_body(b"{ }"));
    }
}
