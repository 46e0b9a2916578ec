//! The transit engine of `HashiCorp` Vault and `OpenBao`.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{Exchange, Request, Response, frame, public_id, unavailable, unframe};
use crate::{Entropy, Kms, KmsError, Secret};

const VERSION: u8 = 2;

/// A key of the type `aes256-gcm96` in a transit engine. It never leaves the service, which also
/// keeps its older versions: what they wrapped opens on.
pub struct Transit<E> {
    exchange: E,
    base: String,
    key: String,
    token: Secret,
    id: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: Zeroizing<String>,
}

impl<E: Exchange> Transit<E> {
    /// `base` is the engine's address, such as `https://vault.example:8200/v1/transit`; `key` the
    /// name of the key in it; `token` may `update` `encrypt/<key>` and `decrypt/<key>`, nothing else.
    #[must_use]
    pub fn new(exchange: E, base: &str, key: &str, token: Secret) -> Self {
        Self {
            exchange,
            base: base.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
            token,
            id: public_id("transit", key),
        }
    }

    fn ask(&self, verb: &str, name: &str, value: &str, aad: &[u8]) -> Result<Response, KmsError> {
        let token = std::str::from_utf8(self.token.expose()).map_err(|_| unavailable("the token is no text"))?;
        let aad = BASE64_STANDARD.encode(aad);
        // All the room at once: a growing string would leave the key behind. Neither base64 nor
        // what the service calls a ciphertext has a character that JSON would escape.
        let mut body = Zeroizing::new(String::with_capacity(value.len() + aad.len() + 64));
        for part in ["{\"", name, "\":\"", value, "\",\"associated_data\":\"", &aad, "\"}"] {
            body.push_str(part);
        }
        let request = Request {
            url: format!("{}/{verb}/{}", self.base, self.key),
            headers: vec![
                ("content-type", Zeroizing::new("application/json".to_owned())),
                ("x-vault-token", Zeroizing::new(token.to_owned())),
            ],
            body,
        };
        self.exchange.send(&request).map_err(unavailable)
    }
}

impl<E> ZeroizeOnDrop for Transit<E> {}

impl<E: Exchange> Kms for Transit<E> {
    /// `transit:` and the key's name.
    fn id(&self) -> &str {
        &self.id
    }

    fn wrapped(&self, value: &[u8]) -> bool {
        unframe(VERSION, &self.id, value).is_ok()
    }

    /// `version 2 | length | id | vault:v…`. The service draws its own randomness.
    fn wrap(&self, aad: &[u8], plaintext: &[u8], _: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
        let value = Zeroizing::new(BASE64_STANDARD.encode(plaintext));
        let answer = self.ask("encrypt", "plaintext", &value, aad)?;
        if answer.status != 200 {
            return Err(unavailable(format!("it answered {} to encrypt", answer.status)));
        }
        let answer: Answer<Encrypted> = read(&answer)?;
        Ok(frame(VERSION, &self.id, answer.data.ciphertext.as_bytes()))
    }

    fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
        let ciphertext = unframe(VERSION, &self.id, wrapped)?;
        let plain = |c: &u8| c.is_ascii_alphanumeric() || b":+/=".contains(c);
        let ciphertext = std::str::from_utf8(ciphertext)
            .ok()
            .filter(|text| text.starts_with("vault:v") && text.bytes().all(|c| plain(&c)))
            .ok_or(KmsError::Malformed)?;
        let answer = self.ask("decrypt", "ciphertext", ciphertext, aad)?;
        match answer.status {
            200 => {}
            // "invalid ciphertext", "message authentication failed".
            400 => return Err(KmsError::Refused),
            status => return Err(unavailable(format!("it answered {status} to decrypt"))),
        }
        let answer: Answer<Decrypted> = read(&answer)?;
        decode(&answer.data.plaintext)
    }
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Response) -> Result<T, KmsError> {
    serde_json::from_slice(answer.body.expose()).map_err(|_| unavailable("its answer has another shape"))
}

/// Base64 to bytes in a buffer that never grows.
pub(super) fn decode(text: &str) -> Result<Secret, KmsError> {
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let len = BASE64_STANDARD
        .decode_slice(text, &mut bytes)
        .map_err(|_| unavailable("its answer is no base64"))?;
    Ok(Secret::new(bytes[..len].to_vec()))
}
