//! `GET /v1/webhooks/{webhook_id}/deliveries`: what was sent to a webhook, newest first, for 30 days.

use axum::extract::State;
use serde_json::{Value, json};

use super::list::limit;
use super::{not_found, webhook_id, webhook_id_schema};
use crate::api::users::envelope::{Enveloped, page, paged};
use crate::api::users::limit_schema;
use crate::domain::{Code, DeliveryId, Invalid, KeyScope};
use crate::store::Delivery;
use crate::web::reference::{Field, Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, Query, Segment, ServerKey, Web, whole_seconds};

const USUAL: u32 = 25;
const STATES: [&str; 3] = ["pending", "delivered", "given_up"];

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = page(&example::context(), &[shown(&example_delivery())], None).example();
    Operation::new("listDeliveries", include_str!("deliveries.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .path("webhook_id", webhook_id_schema())
        .query("status", Schema::one_of(&STATES))
        .query("limit", limit_schema())
        .query(
            "after",
            Schema::id("dlv").says("`next_cursor` of the page before, or the id of any delivery."),
        )
        .answers(
            200,
            "A page of deliveries, the newest first. With `status` it may hold fewer, or none, although more follow.",
            paged(Schema::object_of(fields()).named("Delivery")),
            example,
        )
        .refuses(&[Code::WebhookNotFound])
}

/// 200 with at most `limit` deliveries (1 to 100, usually 25). Send `meta.next_cursor` as `after` to get the next page; it
/// is `null` on the last. What is not on its way yet is no delivery.
pub async fn deliveries(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
    mut query: Query,
) -> Result<Enveloped, Failure> {
    let id = webhook_id(id)?;
    let limit = query.optional("limit", limit)?.unwrap_or(USUAL);
    let before = query.optional("after", after)?;
    let state = query.optional("status", state)?;
    let store = &web.instance.store;
    if store.webhook(&scope, id).await?.is_none() {
        return Err(not_found());
    }
    let found = store.deliveries(&scope, id, state, before, limit).await?;
    let data: Vec<Value> = found.deliveries.iter().map(shown).collect();
    Ok(page(&context, &data, found.next.map(|id| id.to_string())))
}

pub(super) fn shown(delivery: &Delivery) -> Value {
    json!({
        "delivery_id": delivery.id,
        "event_id": delivery.event,
        "type": delivery.kind,
        "status": delivery.state,
        "attempts": delivery.attempts,
        "response_status": delivery.last_status,
        "error": delivery.last_error,
        "next_attempt_at": delivery.next_at.map(whole_seconds),
        "created_at": whole_seconds(delivery.created_at),
        "finished_at": delivery.finished_at.map(whole_seconds),
    })
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        always("delivery_id", Schema::id("dlv")),
        always("event_id", Schema::id("evt").says("The `webhook-id` of every attempt.")),
        always("type", Schema::text()),
        always("status", Schema::one_of(&STATES)),
        always("attempts", Schema::count()),
        always("response_status", Schema::integer(100, 999).or_null()),
        always("error", Schema::text().or_null().says("Why the last attempt failed.")),
        always("next_attempt_at", Schema::time().or_null()),
        always("created_at", Schema::time()),
        always("finished_at", Schema::time().or_null()),
    ]
}

pub(super) fn example_delivery() -> Delivery {
    Delivery {
        id: example::DELIVERY,
        event: example::EVENT,
        kind: "user.linked".to_owned(),
        url: "https://example.com/hooks".to_owned(),
        state: "delivered".to_owned(),
        attempts: 1,
        last_status: Some(204),
        last_error: None,
        next_at: None,
        created_at: example::time(),
        finished_at: Some(example::time()),
    }
}

fn state(text: &str) -> Result<&'static str, Invalid> {
    let known = STATES.into_iter().find(|state| *state == text);
    known.ok_or_else(|| Invalid::new("Send pending, delivered or given_up."))
}

fn after(text: &str) -> Result<DeliveryId, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("Send the next_cursor of the page before, or a delivery's id."))
}
