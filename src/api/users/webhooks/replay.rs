//! `POST /v1/webhooks/{webhook_id}/replay`: tell a webhook again.
//!
//! One event (`event_id`), whether it wants its type or not; all that it wants between two times (`from`, `until`); or
//! what never arrived since a time (`missing_since`): was given up, or happened while the webhook was off. The
//! `webhook-id` of each is the same as before, so that a receiver that keeps ids ignores what it has.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::{not_found, webhook_id, webhook_id_schema};
use crate::api::users::caller;
use crate::api::users::envelope::{envelope, enveloped};
use crate::domain::{Code, DeliveryId, EventId, Invalid, KeyScope, ReplayId};
use crate::store::{NewReplay, ReplayFrom};
use crate::web::reference::{Operation, Schema, Takes, always, example, optional};
use crate::web::{Call, Context, Failure, Fields, IdempotencyKey, JsonObject, Segment, ServerKey, Web, once};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        optional("event_id", Schema::id("evt").says("One event.")),
        optional("from", Schema::time().says("All from this time on,")),
        optional("until", Schema::time().says("to this time; without it to now.")),
        optional(
            "missing_since",
            Schema::time().says("What never arrived since this time."),
        ),
    ]);
    let answer = Schema::object([always("replay_id", Schema::id("rpl"))]);
    let example = envelope(&example::context(), &json!({ "replay_id": example::REPLAY })).example();
    Operation::new("replayEvents", include_str!("replay.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .repeatable()
        .path("webhook_id", webhook_id_schema())
        .body(
            request.named("Replay"),
            json!({ "missing_since": "2026-01-15T10:30:00Z" }),
        )
        .answers(
            202,
            "It is on its way.",
            enveloped(answer.named("StartedReplay")),
            example,
        )
        .refuses(&[Code::WebhookNotFound, Code::EventNotFound])
}

/// 202 when it has begun; 404 for any webhook or event that is not one of this environment.
pub async fn replay(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let id = webhook_id(id)?;
    let from = read(&mut fields, DeliveryId(web.instance.ids.id()))?;
    let store = &web.instance.store;
    if store.webhook(&scope, id).await?.is_none() {
        return Err(not_found());
    }
    let new = NewReplay {
        id: ReplayId(web.instance.ids.id()),
        from,
    };
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let replayed = store
        .replay(&scope, id, new, repeatable.claim.clone(), context.now)
        .await?;
    let replay = match once(replayed)? {
        Call::Done(true) => new.id,
        Call::Done(false) => return Err(Failure::new(Code::EventNotFound)),
        Call::Replayed(saved) => ReplayId(saved.resource.unwrap_or_default()),
    };
    (web.wake_deliveries)();
    let answer = envelope(&context, &json!({ "replay_id": replay }));
    Ok((StatusCode::ACCEPTED, answer).into_response())
}

fn read(fields: &mut Fields, delivery: DeliveryId) -> Result<ReplayFrom, Failure> {
    let event = fields.optional("event_id", |text| {
        text.parse::<EventId>()
            .map_err(|_| Invalid::new("Send an event's id, like evt_…."))
    })?;
    let from = fields.optional("from", |text| time(&text))?;
    let until = fields.optional("until", |text| time(&text))?;
    let missing = fields.optional("missing_since", |text| time(&text))?;
    let choose = |field| {
        Failure::field(
            field,
            Invalid::new("Send one of event_id, from (and until) and missing_since."),
        )
    };
    match (event, from, missing) {
        (Some(event), None, None) if until.is_none() => Ok(ReplayFrom::Event(event, delivery)),
        (None, Some(from), None) if until.is_none_or(|until| from <= until) => Ok(ReplayFrom::Range(from, until)),
        (None, Some(_), None) => Err(Failure::field("until", Invalid::new("until must not be before from."))),
        (None, None, Some(since)) if until.is_none() => Ok(ReplayFrom::MissingSince(since)),
        (None, None, None) => Err(choose("missing_since")),
        _ => Err(choose("from")),
    }
}

fn time(text: &str) -> Result<Timestamp, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("Send a time in UTC, like 2026-01-15T10:30:00Z."))
}
