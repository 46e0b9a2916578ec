//! `POST /v1/events`: make an event for a test, in a sandbox alone.
//!
//! It stands in the log and goes to every webhook that wants its type, as a real one does, with `data` as in the
//! reference's example, or as you send it. Nothing else happens: no user is made or changed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{catalogue, schema, shown_example};
use crate::api::users::caller;
use crate::api::users::envelope::{envelope, enveloped};
use crate::domain::{Code, EventId, EventType, Invalid, KeyScope};
use crate::web::reference::{Operation, Schema, Takes, example, optional, required};
use crate::web::{Call, Context, Failure, IdempotencyKey, JsonObject, ServerKey, Web, once, whole_seconds};

/// What the reference says of it.
pub fn doc() -> Operation {
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    let request = Schema::object([
        required("type", Schema::one_of(&names)),
        optional(
            "data",
            Schema::map().says("What the event says, instead of the example."),
        ),
    ]);
    let example = envelope(&example::context(), &shown_example()).example();
    Operation::new("triggerEvent", include_str!("trigger.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .repeatable()
        .body(request.named("NewEvent"), json!({ "type": "user.linked" }))
        .answers(201, "The event.", enveloped(schema()), example)
        .refuses(&[Code::Forbidden, Code::EventNotFound])
}

/// 201 with the event; 403 in production.
pub async fn trigger(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let kind = fields.parsed("type", |text| kind(&text))?;
    let data = match fields.optional_value("data") {
        None => catalogue::data(kind).1,
        Some(Value::Object(data)) => Value::Object(data),
        Some(_) => return Err(Failure::field("data", Invalid::new("data must be an object."))),
    };
    let id = EventId(web.instance.ids.id());
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let store = &web.instance.store;
    let made = store
        .trigger_event(&scope, id, (kind, data.clone()), repeatable.claim.clone(), context.now)
        .await?;
    let shown = match once(made)? {
        Call::Done(true) => json!({
            "event_id": id, "type": kind.as_str(), "timestamp": whole_seconds(context.now), "data": data,
        }),
        Call::Done(false) => {
            return Err(Failure::new(Code::Forbidden)
                .saying("Events are made for tests in a sandbox alone. Use a sandbox key."));
        }
        Call::Replayed(saved) => {
            let id = EventId(saved.resource.unwrap_or_default());
            let known = store.event(&scope, id).await?;
            super::shown(&known.ok_or_else(|| Failure::new(Code::EventNotFound))?)
        }
    };
    Ok((StatusCode::CREATED, envelope(&context, &shown)).into_response())
}

/// The kind of event that somebody names.
fn kind(text: &str) -> Result<EventType, Invalid> {
    EventType::parse(text).ok_or_else(|| {
        let nearest = EventType::nearest(text).join(", ");
        Invalid::new(format!("There is no event of this type. The nearest are {nearest}."))
    })
}
