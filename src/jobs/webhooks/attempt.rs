//! One attempt: open, sign, send, and what follows from the answer.

use std::sync::Arc;
use std::time::Duration;

use aboard_vault::Secret;
use bytes::Bytes;

use super::Tools;
use super::endpoint::Endpoint;
use super::headers::headers;
use super::schedule::pause;
use crate::clock::Stopwatch;
use crate::domain::WebhookId;
use crate::domain::webhook::WebhookSecret;
use crate::outbound::Answer;
use crate::sealed;
use crate::store::{DeliveryEnd, DeliveryResult, DisabledWhy, DueDelivery, MadeAttempt};

/// Every attempt of a webhook fails for this long, and it is switched off.
const FAILING_TOO_LONG: jiff::SignedDuration = jiff::SignedDuration::from_hours(5 * 24);

/// A delivery that was claimed, with whom it goes to.
pub(super) struct Ready {
    pub due: DueDelivery,
    pub to: Recipient,
}

/// Whom a delivery goes to.
#[derive(Clone)]
pub(super) enum Recipient {
    /// A partner: the address is the delivery's own, the secret the one that it began with, if it opened.
    Partner(Option<Arc<WebhookSecret>>),
    /// A webhook, as it is now.
    Webhook(Arc<Endpoint>),
    /// A webhook that is told of nothing any more.
    Nobody(&'static str),
}

/// How an attempt ended.
pub(super) struct Outcome {
    pub result: DeliveryResult,
    /// The webhook, and what the attempt says of it; `None` if none was made.
    pub told: Option<(WebhookId, Told)>,
}

/// What an attempt says of a webhook.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// It arrived.
    Arrived,
    /// It did not. Receivers may ask to be left alone for a while.
    Failed { wait: Option<Duration> },
    /// It is to be switched off.
    Disable(DisabledWhy),
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

/// Opens the secret that signs a partner's delivery.
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
pub(super) async fn attempt(tools: &Tools, ready: &Ready) -> Outcome {
    let due = &ready.due;
    if let Recipient::Nobody(why) = ready.to {
        return Outcome {
            result: DeliveryResult {
                id: due.id,
                webhook: due.webhook,
                made: None,
                status: None,
                error: Some(why.to_owned()),
                end: DeliveryEnd::GivenUp,
            },
            told: None,
        };
    }
    let (at, watch) = (tools.clock.now(), Stopwatch::start());
    if due.attempts == 0 && due.webhook.is_some() {
        let lag = at.duration_since(due.created_at).as_secs_f64();
        metrics::histogram!("aboard_webhook_lag_seconds").record(lag);
    }
    let sent = send(tools, ready).await;
    let duration_us = i64::try_from(watch.elapsed().as_micros()).unwrap_or(i64::MAX);
    let (answer, error, end, told) = match sent {
        Ok(answer) => (Some(answer), None, DeliveryEnd::Delivered, Told::Arrived),
        Err(Failure { words, answer }) => {
            let end = after_failure(tools, due, answer.as_ref());
            let told = told(ready, answer.as_ref(), at);
            (answer, words, end, told)
        }
    };
    let status = answer.as_ref().map(|answer| answer.status);
    note(due, status, error.as_deref(), &end);
    Outcome {
        result: DeliveryResult {
            id: due.id,
            webhook: due.webhook,
            made: Some(MadeAttempt {
                at,
                duration_us,
                // What carried a key may come back in the answer, and would lie here in the clear.
                answer: answer
                    .filter(|_| due.sealed_body.is_none())
                    .map(|answer| answer.body)
                    .unwrap_or_default(),
            }),
            status,
            error,
            end,
        },
        told: due.webhook.map(|webhook| (webhook, told)),
    }
}

fn note(due: &DueDelivery, status: Option<u16>, error: Option<&str>, end: &DeliveryEnd) {
    let outcome = match end {
        DeliveryEnd::Delivered => "delivered",
        DeliveryEnd::Retry(_) => "retry",
        DeliveryEnd::GivenUp => "given_up",
    };
    metrics::counter!("aboard_webhook_attempts_total", "outcome" => outcome).increment(1);
    let attempt = due.attempts.saturating_add(1);
    if matches!(end, DeliveryEnd::GivenUp) {
        tracing::warn!(delivery = %due.id, event = %due.event, attempt, status, error, "a webhook was given up");
    } else if due.webhook.is_none() && attempt == 1 && !matches!(end, DeliveryEnd::Delivered) {
        // Of a partner's webhook nothing else tells before it is given up.
        tracing::warn!(delivery = %due.id, event = %due.event, status, error, "a partner's webhook failed; it is tried again");
    } else {
        tracing::debug!(delivery = %due.id, event = %due.event, attempt, status, error, outcome, "a webhook was sent");
    }
}

/// What a failure says of the webhook.
fn told(ready: &Ready, answer: Option<&Answer>, now: jiff::Timestamp) -> Told {
    let failing_since = match &ready.to {
        Recipient::Webhook(endpoint) => endpoint.failing_since,
        Recipient::Partner(_) | Recipient::Nobody(_) => None,
    };
    match answer.map(|answer| answer.status) {
        Some(410) => Told::Disable(DisabledWhy::Gone),
        _ if failing_since.is_some_and(|since| now.duration_since(since) >= FAILING_TOO_LONG) => {
            Told::Disable(DisabledWhy::Failing)
        }
        // Too many requests, or a gateway that gets no answer: less is more.
        Some(429 | 502 | 503 | 504) => Told::Failed {
            wait: Some(answer.and_then(|answer| answer.retry_after).unwrap_or_default()),
        },
        _ => Told::Failed { wait: None },
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
    let body = open_body(tools, due)?;
    let headers = headers(ready, tools.clock.now().as_second(), &body)
        .ok_or_else(|| Failure::before_sending("the secret does not open"))?;
    let url = match &ready.to {
        Recipient::Webhook(endpoint) => &endpoint.url,
        Recipient::Partner(_) | Recipient::Nobody(_) => &due.url,
    };
    let sent = tools.outbound.post(due.kind, url, headers, body).await;
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
