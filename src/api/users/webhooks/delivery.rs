//! `GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}`: one delivery, attempt by attempt.
//!
//! With the names of the headers that were sent, what was answered (its first 4 KiB), how long it took and when the next
//! attempt follows. Signatures and the values of your own headers are left out.

use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::deliveries::{example_delivery, fields, shown};
use super::{not_found, webhook_id, webhook_id_schema};
use crate::api::users::envelope::{Enveloped, envelope, enveloped};
use crate::domain::{Code, DeliveryId, KeyScope};
use crate::store::{Attempt, Delivery};
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, ServerKey, Web, whole_seconds};

/// What the reference says of it.
pub fn doc() -> Operation {
    let attempt = Schema::object([
        always("number", Schema::integer(1, i64::from(u32::MAX))),
        always("at", Schema::time()),
        always("duration_us", Schema::count()),
        always("response_status", Schema::integer(100, 999).or_null()),
        always("response_body", Schema::text().or_null().says("Its first 4 KiB.")),
        always("error", Schema::text().or_null()),
        always("next_attempt_at", Schema::time().or_null()),
        always("request_headers", Schema::map()),
    ]);
    let attempts = always("attempt_log", Schema::list(attempt.named("DeliveryAttempt")));
    let answer = Schema::object_of(fields().into_iter().chain([attempts]));
    let made = Attempt {
        number: 1,
        at: example::time(),
        duration_us: 41_000,
        status: Some(204),
        error: None,
        answer: Vec::new(),
        next_at: None,
    };
    let example = envelope(&example::context(), &with_attempts(&example_delivery(), &[made], &[])).example();
    Operation::new("getDelivery", include_str!("delivery.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .path("webhook_id", webhook_id_schema())
        .path("delivery_id", Schema::id("dlv").such_as(example::DELIVERY.to_string()))
        .answers(
            200,
            "The delivery.",
            enveloped(answer.named("DeliveryWithAttempts")),
            example,
        )
        .refuses(&[Code::WebhookNotFound, Code::DeliveryNotFound])
}

/// 200 with the delivery; 404 for any id that is not one of this webhook.
pub async fn delivery(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    path: Option<Path<(String, String)>>,
) -> Result<Enveloped, Failure> {
    let (webhook, delivery) = path.map(|Path(path)| path).ok_or_else(not_found)?;
    let id = webhook_id(Some(webhook))?;
    let store = &web.instance.store;
    let webhook = store.webhook(&scope, id).await?.ok_or_else(not_found)?;
    let unknown = || Failure::new(Code::DeliveryNotFound);
    let delivery: DeliveryId = delivery.parse().map_err(|_| unknown())?;
    let (delivery, attempts) = store.delivery(&scope, id, delivery).await?.ok_or_else(unknown)?;
    Ok(envelope(
        &context,
        &with_attempts(&delivery, &attempts, &webhook.header_names),
    ))
}

fn with_attempts(delivery: &Delivery, attempts: &[Attempt], own: &[String]) -> Value {
    let mut answer = shown(delivery);
    let attempts = attempts.iter().map(|attempt| {
        json!({
            "number": attempt.number,
            "at": whole_seconds(attempt.at),
            "duration_us": attempt.duration_us,
            "response_status": attempt.status,
            "response_body": attempt.status.map(|_| String::from_utf8_lossy(&attempt.answer)),
            "error": attempt.error,
            "next_attempt_at": attempt.next_at.map(whole_seconds),
            "request_headers": headers(delivery, attempt, own),
        })
    });
    answer["attempt_log"] = attempts.collect();
    answer
}

/// The headers of an attempt. They follow from the delivery, but for what is secret.
fn headers(delivery: &Delivery, attempt: &Attempt, own: &[String]) -> Value {
    let mut headers = json!({
        "content-type": "application/json",
        "webhook-id": delivery.event,
        "webhook-timestamp": attempt.at.as_second().to_string(),
        "webhook-signature": "v1,[redacted]",
        "waffy-signature": "sha256=[redacted]",
    });
    for name in own {
        headers[name.as_str()] = "[redacted]".into();
    }
    headers
}
