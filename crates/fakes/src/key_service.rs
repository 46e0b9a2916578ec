//! Key services: the transit engine of Vault and `OpenBao`, and AWS KMS, at one address.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{Answer, Receiver, Reply, Request};

/// The token that may use the transit engine's key.
pub const TRANSIT_TOKEN: &str = "hvs.fake-token";
/// The name of its key.
pub const TRANSIT_KEY: &str = "aboard";
/// The key of AWS.
pub const AWS_KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// The access key id that may use it; what it signs with is not checked here.
pub const AWS_ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// What was encrypted, and what it was bound to, by the ciphertext that stands for it.
#[derive(Default)]
struct State {
    kept: Mutex<HashMap<String, (Value, Value)>>,
    away: AtomicBool,
}

/// The fake; it stops when it is dropped, and what it encrypted is lost then.
pub struct KeyService {
    receiver: Receiver,
    state: Arc<State>,
}

impl KeyService {
    /// Starts on a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn start() -> io::Result<Self> {
        let receiver = Receiver::start().await?;
        let state = Arc::new(State::default());
        let answering = Arc::clone(&state);
        receiver.reply_with(move |request| answer(&answering, request));
        Ok(Self { receiver, state })
    }

    /// The transit engine's address.
    #[must_use]
    pub fn transit_url(&self) -> String {
        self.receiver.url("/v1/transit")
    }

    /// AWS' endpoint.
    #[must_use]
    pub fn aws_endpoint(&self) -> String {
        self.receiver.url("")
    }

    /// From now on it answers nothing but 503, or works again.
    pub fn go_away(&self, away: bool) {
        self.state.away.store(away, Ordering::Release);
    }

    /// Every request as it arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.receiver.requests()
    }
}

fn answer(state: &Arc<State>, request: &Request) -> Reply {
    if state.away.load(Ordering::Acquire) {
        return Answer::json(503, &json!({ "errors": ["Vault is sealed"] })).into();
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match request.header("x-amz-target") {
        Some(target) => aws(state, target, request, &body),
        None => transit(state, request, &body),
    }
    .into()
}

fn transit(state: &State, request: &Request, body: &Value) -> Answer {
    if request.header("x-vault-token") != Some(TRANSIT_TOKEN) {
        return Answer::json(403, &json!({ "errors": ["permission denied"] }));
    }
    let context = body["associated_data"].clone();
    if request.path == format!("/v1/transit/encrypt/{TRANSIT_KEY}") {
        let ciphertext = state.keep("vault:v1:", &body["plaintext"], context);
        return Answer::json(200, &json!({ "data": { "ciphertext": ciphertext, "key_version": 1 } }));
    }
    if request.path == format!("/v1/transit/decrypt/{TRANSIT_KEY}") {
        return match state.give_back(body["ciphertext"].as_str(), &context) {
            Some(plaintext) => Answer::json(200, &json!({ "data": { "plaintext": plaintext } })),
            None => Answer::json(400, &json!({ "errors": ["cipher: message authentication failed"] })),
        };
    }
    Answer::json(404, &json!({ "errors": [] }))
}

fn aws(state: &State, target: &str, request: &Request, body: &Value) -> Answer {
    let failed = |kind: &str| Answer::json(400, &json!({ "__type": kind }));
    let credential = format!("AWS4-HMAC-SHA256 Credential={AWS_ACCESS_KEY}/");
    if !request
        .header("authorization")
        .is_some_and(|value| value.starts_with(&credential))
    {
        return failed("UnrecognizedClientException");
    }
    if body["KeyId"] != AWS_KEY {
        return failed("NotFoundException");
    }
    let context = body["EncryptionContext"].clone();
    match target {
        "TrentService.Encrypt" => {
            let blob = STANDARD.encode(state.keep("aws:", &body["Plaintext"], context));
            Answer::json(200, &json!({ "CiphertextBlob": blob, "KeyId": AWS_KEY }))
        }
        "TrentService.Decrypt" => {
            let blob = body["CiphertextBlob"]
                .as_str()
                .and_then(|blob| STANDARD.decode(blob).ok());
            let blob = blob.and_then(|blob| String::from_utf8(blob).ok());
            match state.give_back(blob.as_deref(), &context) {
                Some(plaintext) => Answer::json(200, &json!({ "Plaintext": plaintext, "KeyId": AWS_KEY })),
                None => failed("InvalidCiphertextException"),
            }
        }
        _ => failed("UnknownOperationException"),
    }
}

impl State {
    fn keep(&self, prefix: &str, plaintext: &Value, context: Value) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let ciphertext = format!("{prefix}{}", STANDARD.encode(format!("sealed value {}", kept.len())));
        kept.insert(ciphertext.clone(), (plaintext.clone(), context));
        ciphertext
    }

    fn give_back(&self, ciphertext: Option<&str>, context: &Value) -> Option<Value> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (plaintext, bound_to) = kept.get(ciphertext?)?;
        (bound_to == context).then(|| plaintext.clone())
    }
}
