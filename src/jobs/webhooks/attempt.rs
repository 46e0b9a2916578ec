//! One attempt: open, sign, send, and what follows from the answer.

use std::sync::Arc;

use aboard_vault::Secret;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::Tools;
use super::schedule::pause;
use crate::domain::webhook::WebhookSecret;
use crate::outbound::Answer;
use crate::sealed;
use crate::store::{DeliveryEnd, DeliveryResult, DueDelivery};

/// A delivery that was claimed, with the secret that signs it, if it opened.
pub(super) struct Ready {
    pub due: DueDelivery,
    pub secret: Option<Arc<WebhookSecret>>,
}

/// Why an attempt failed: words that may be stored and shown, and what the receiver answered, if it did.
struct Failure {
    words: Option<String>,
    answer: Option<Answer>,
}

impl Failure {
    fn before_sending(words: &str) -> Self {
        Self {
            words: Some(words.to_owned()),
            answer: None,
        }
    }
}

/// Opens the secret that signs a delivery.
pub(super) fn open_secret(tools: &Tools, due: &DueDelivery) -> Option<Arc<WebhookSecret>> {
    let place = sealed::webhook_secret(due.environment, due.secret);
    match tools.vault.open(&place, &due.sealed_secret) {
        Ok(secret) => Some(Arc::new(WebhookSecret::new(secret.expose().to_vec()))),
        Err(error) => {
            tracing::error!(secret = %due.secret, %error, "a webhook secret does not open");
            None
        }
    }
}

/// Makes the attempt and decides what follows.
pub(super) async fn attempt(tools: &Tools, ready: &Ready) -> DeliveryResult {
    let due = &ready.due;
    let sent = send(tools, ready).await;
    let (status, error, end) = match sent {
        Ok(answer) => (Some(answer.status), None, DeliveryEnd::Delivered),
        Err(Failure { words, answer }) => {
            let end = after_failure(tools, due, answer.as_ref());
            (answer.map(|answer| answer.status), words, end)
        }
    };
    let outcome = match end {
        DeliveryEnd::Delivered => "delivered",
        DeliveryEnd::Retry(_) => "retry",
        DeliveryEnd::GivenUp => "given_up",
    };
    metrics::counter!("aboard_webhook_attempts_total", "outcome" => outcome).increment(1);
    let attempt = due.attempts.saturating_add(1);
    if matches!(end, DeliveryEnd::GivenUp) {
        tracing::warn!(delivery = %due.id, event = %due.event, attempt, status, error, "a webhook was given up");
    } else {
        tracing::debug!(delivery = %due.id, event = %due.event, attempt, status, error, outcome, "a webhook was sent");
    }
    DeliveryResult {
        id: due.id,
        status,
        error,
        end,
    }
}

fn after_failure(tools: &Tools, due: &DueDelivery, answer: Option<&Answer>) -> DeliveryEnd {
    // 410 Gone: the receiver wants no more.
    if answer.is_some_and(|answer| answer.status == 410) {
        return DeliveryEnd::GivenUp;
    }
    let retry_after = answer.and_then(|answer| answer.retry_after);
    match pause(&tools.schedule, due.attempts, retry_after, tools.ids.secret()) {
        Some(pause) => DeliveryEnd::Retry(tools.clock.now().saturating_add(pause).unwrap_or(jiff::Timestamp::MAX)),
        None => DeliveryEnd::GivenUp,
    }
}

/// A 2xx, or why not.
async fn send(tools: &Tools, ready: &Ready) -> Result<Answer, Failure> {
    let due = &ready.due;
    let Some(secret) = &ready.secret else {
        return Err(Failure::before_sending("the secret does not open"));
    };
    let body = open_body(tools, due)?;
    let headers = headers(due, secret, tools.clock.now().as_second(), &body);
    let headers = headers.ok_or_else(|| Failure::before_sending("a header is malformed"))?;
    let sent = tools.outbound.post(due.kind, &due.url, headers, body).await;
    let answer = sent.map_err(|error| Failure::before_sending(&error.to_string()))?;
    let words = match answer.status {
        200..=299 => return Ok(answer),
        300..=399 => Some("redirects are not followed".to_owned()),
        _ => None,
    };
    Err(Failure {
        words,
        answer: Some(answer),
    })
}

/// A body that is wiped when the last reader drops it.
struct Wiped(Secret);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

fn open_body(tools: &Tools, due: &DueDelivery) -> Result<Bytes, Failure> {
    let Some(body) = &due.sealed_body else {
        let body = due.body.clone().map(Bytes::from);
        return body.ok_or_else(|| Failure::before_sending("there is no body"));
    };
    let place = sealed::delivery_body(due.environment, due.id);
    match tools.vault.open(&place, body) {
        Ok(body) => Ok(Bytes::from_owner(Wiped(body))),
        Err(error) => {
            tracing::error!(delivery = %due.id, %error, "a sealed body does not open");
            Err(Failure::before_sending("the body does not open"))
        }
    }
}

/// The headers of one attempt: Standard Webhooks, and on the partner surface the one that integrators check.
fn headers(due: &DueDelivery, secret: &WebhookSecret, seconds: i64, body: &[u8]) -> Option<HeaderMap> {
    const ID: HeaderName = HeaderName::from_static("webhook-id");
    const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
    const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
    const PARTNER: HeaderName = HeaderName::from_static("x-webhook-secret");

    let id = due.event.to_string();
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(SIGNATURE, value(&secret.sign(&id, seconds, body))?);
    headers.insert(ID, value(&id)?);
    headers.insert(TIMESTAMP, seconds.into());
    if due.header_set == "partner" {
        headers.insert(PARTNER, value(&secret.sign_body(body))?);
    }
    Some(headers)
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}
