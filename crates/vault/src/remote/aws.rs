//! AWS KMS.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{
    Exchange, Request, Response, frame, public_id,
    sigv4::{Scope, Signable, authorization, timestamp},
    transit::decode,
    unavailable, unframe,
};
use crate::{Entropy, Kms, KmsError, Secret, sha256};

const VERSION: u8 = 3;
const JSON: &str = "application/x-amz-json-1.1";

/// Who asks.
pub struct AwsCredentials {
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: Secret,
    /// The session token of temporary credentials.
    pub session: Option<Secret>,
}

/// A symmetric key of AWS KMS. It never leaves the service.
pub struct AwsKms<E> {
    exchange: E,
    region: String,
    key: String,
    credentials: AwsCredentials,
    endpoint: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted {
    plaintext: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "__type")]
    kind: String,
}

impl<E: Exchange> AwsKms<E> {
    /// `key` is the ARN of a key. The credentials may `kms:Encrypt` and `kms:Decrypt` with it.
    #[must_use]
    pub fn new(exchange: E, region: &str, key: &str, credentials: AwsCredentials) -> Self {
        Self {
            exchange,
            region: region.to_owned(),
            key: key.to_owned(),
            credentials,
            endpoint: format!("https://kms.{region}.amazonaws.com"),
            id: public_id("aws", key),
        }
    }

    /// At another address than the region's own, such as one inside a private network: scheme and host, no path.
    #[must_use]
    pub fn at(self, endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            ..self
        }
    }

    /// The context that AWS binds the ciphertext to. It stands in AWS' own log, so it is a hash.
    fn ask(&self, action: &str, name: &str, value: &str, aad: &[u8]) -> Result<Response, KmsError> {
        let context = BASE64_STANDARD.encode(sha256(aad));
        let key = serde_json::to_string(&self.key).map_err(|_| unavailable("the key's name is no text"))?;
        // All the room at once, as in transit.
        let mut body = Zeroizing::new(String::with_capacity(value.len() + key.len() + context.len() + 64));
        let parts = [
            "{\"KeyId\":",
            &key,
            ",\"",
            name,
            "\":\"",
            value,
            "\",\"EncryptionContext\":{\"aboard\":\"",
            &context,
            "\"}}",
        ];
        for part in parts {
            body.push_str(part);
        }

        let host = self.endpoint.split("://").last().unwrap_or_default().to_owned();
        let time = timestamp(self.exchange.now());
        let target = format!("TrentService.{action}");
        let session = match &self.credentials.session {
            None => None,
            Some(token) => {
                Some(std::str::from_utf8(token.expose()).map_err(|_| unavailable("the session token is no text"))?)
            }
        };
        let mut signed: Vec<(&'static str, &str)> =
            vec![("content-type", JSON), ("host", &host), ("x-amz-date", &time)];
        signed.extend(session.map(|token| ("x-amz-security-token", token)));
        signed.push(("x-amz-target", &target));
        let authorization = authorization(
            &Signable {
                method: "POST",
                path: "/",
                query: "",
                headers: &signed,
                body: body.as_bytes(),
            },
            &Scope {
                region: &self.region,
                service: "kms",
                time: &time,
            },
            &self.credentials.access_key,
            &self.credentials.secret_key,
        );
        let mut headers: Vec<(&'static str, Zeroizing<String>)> = signed
            .into_iter()
            .filter(|(name, _)| *name != "host")
            .map(|(name, value)| (name, Zeroizing::new(value.to_owned())))
            .collect();
        headers.push(("authorization", Zeroizing::new(authorization)));
        let request = Request {
            url: format!("{}/", self.endpoint),
            headers,
            body,
        };
        self.exchange.send(&request).map_err(unavailable)
    }
}

impl<E> ZeroizeOnDrop for AwsKms<E> {}

impl<E: Exchange> Kms for AwsKms<E> {
    /// `aws:` and the key's ARN.
    fn id(&self) -> &str {
        &self.id
    }

    fn wrapped(&self, value: &[u8]) -> bool {
        unframe(VERSION, &self.id, value).is_ok()
    }

    /// `version 3 | length | id | blob`. The service draws its own randomness.
    fn wrap(&self, aad: &[u8], plaintext: &[u8], _: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
        let value = Zeroizing::new(BASE64_STANDARD.encode(plaintext));
        let answer = self.ask("Encrypt", "Plaintext", &value, aad)?;
        if answer.status != 200 {
            return Err(unavailable(format!("it answered {}", kind_of(&answer))));
        }
        let answer: Encrypted = read(&answer)?;
        let blob = BASE64_STANDARD
            .decode(answer.ciphertext_blob)
            .map_err(|_| unavailable("its answer is no base64"))?;
        Ok(frame(VERSION, &self.id, &blob))
    }

    fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
        let blob = unframe(VERSION, &self.id, wrapped)?;
        let answer = self.ask("Decrypt", "CiphertextBlob", &BASE64_STANDARD.encode(blob), aad)?;
        if answer.status != 200 {
            let kind = kind_of(&answer);
            return Err(match kind.as_str() {
                "InvalidCiphertextException" | "IncorrectKeyException" => KmsError::Refused,
                _ => unavailable(format!("it answered {kind}")),
            });
        }
        let answer: Decrypted = read(&answer)?;
        decode(&answer.plaintext)
    }
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Response) -> Result<T, KmsError> {
    serde_json::from_slice(answer.body.expose()).map_err(|_| unavailable("its answer has another shape"))
}

/// The name of an error, without the namespace that some endpoints put before it. Nothing else of
/// an answer goes into a log.
fn kind_of(answer: &Response) -> String {
    let failure: Option<Failure> = serde_json::from_slice(answer.body.expose()).ok();
    failure
        .and_then(|failure| failure.kind.rsplit('#').next().map(str::to_owned))
        .filter(|kind| kind.len() <= 64 && kind.bytes().all(|c| c.is_ascii_alphanumeric()))
        .unwrap_or_else(|| answer.status.to_string())
}
