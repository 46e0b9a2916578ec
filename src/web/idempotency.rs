//! The `Idempotency-Key` header: the same call made twice has one effect.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aboard_vault::sha256;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Failure, Web};
use crate::domain::{Code, EnvironmentId, Invalid};
use crate::store::{IdempotencyClaim, Once, SavedAnswer};

/// How long a key stands for its call.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The caller's key, bare or quoted, with the call it belongs to.
pub struct IdempotencyKey {
    key: Option<String>,
    method: Method,
    path: String,
}

/// Whose call it is: nobody else's key can ever be met.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The data plane.
    pub environment: EnvironmentId,
    /// The key or app that was presented.
    pub credential: Uuid,
    /// The user or wallet that the credential stands for, never the token.
    pub subject: Option<Uuid>,
}

/// A call that may be repeated, until it is answered.
pub struct Repeatable {
    /// What the store records.
    pub claim: Option<IdempotencyClaim>,
    _running: Option<Guard>,
}

/// The calls with a key that are running on this node.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashSet<[u8; 32]>>>);

struct Guard(Running, [u8; 32]);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let wrong = || {
            Failure::field(
                "Idempotency-Key",
                Invalid::new(
                    "Send an Idempotency-Key of 1 to 255 visible ASCII characters other than quotation marks.",
                ),
            )
        };
        // Whatever only reads is repeated as it is.
        let sent = parts.headers.get("idempotency-key").filter(|_| !parts.method.is_safe());
        let key = match sent {
            None => None,
            Some(value) => {
                let text = value.to_str().map_err(|_| wrong())?.trim();
                let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                let bare = quoted.unwrap_or(text);
                let plain = bare
                    .bytes()
                    .all(|byte| byte == b' ' || (byte.is_ascii_graphic() && byte != b'"'));
                if bare.is_empty() || bare.len() > 255 || !plain {
                    return Err(wrong());
                }
                Some(bare.to_owned())
            }
        };
        Ok(Self {
            key,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
        })
    }
}

impl IdempotencyKey {
    /// The call as the store records it; 409 while a call with this key is running here.
    pub fn of(self, web: &Web, caller: Caller, raw: &[u8], now: Timestamp) -> Result<Repeatable, Failure> {
        let Some(key) = self.key else {
            return Ok(Repeatable {
                claim: None,
                _running: None,
            });
        };
        let subject = caller.subject.unwrap_or_default();
        let whose = [
            caller.environment.bytes(),
            caller.credential.into_bytes(),
            subject.into_bytes(),
        ]
        .concat();
        let call = format!("{} {} {key}", self.method, self.path);
        let id = sha256(&[&whose[..], call.as_bytes()].concat());
        let running = web.running.enter(id).ok_or_else(still_running)?;
        Ok(Repeatable {
            claim: Some(IdempotencyClaim {
                id,
                request_hash: sha256(raw),
                expires_at: now + KEPT,
            }),
            _running: Some(running),
        })
    }
}

impl Running {
    fn enter(&self, id: [u8; 32]) -> Option<Guard> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(id).then(|| Guard(self.clone(), id))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut running = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.1);
    }
}

/// A call that was made now, or what it answered when it was.
pub enum Call<T> {
    /// Made now.
    Done(T),
    /// Made before.
    Replayed(SavedAnswer),
}

/// Says that an answer is that of an earlier call with the same key.
pub fn mark_replayed(headers: &mut HeaderMap) {
    let name = HeaderName::from_static("idempotent-replayed");
    headers.insert(name, HeaderValue::from_static("true"));
}

/// Refuses what is neither made now nor a replay.
pub fn once<T>(outcome: Once<T>) -> Result<Call<T>, Failure> {
    match outcome {
        Once::Done(done) => Ok(Call::Done(done)),
        Once::Replayed(saved) => Ok(Call::Replayed(saved)),
        Once::Mismatch => Err(Failure::new(Code::IdempotencyMismatch)),
        Once::Running => Err(still_running()),
    }
}

fn still_running() -> Failure {
    Failure {
        retry_after: Some(1),
        ..Failure::new(Code::Conflict)
            .saying("A call with this Idempotency-Key is still running. Ask again in a moment.")
    }
}

/// A replay of a call whose answer held a secret: that is gone, but what it made can be named.
#[must_use]
pub fn secret_was_shown(made: &str) -> Failure {
    Failure::new(Code::Conflict).saying(format!(
        "This call was made before and made {made}; its secret was in that answer alone. Use a new Idempotency-Key to make another."
    ))
}
