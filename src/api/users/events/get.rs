//! `GET /v1/events/{event_id}`: one event, for the 30 days that it is kept.

use axum::extract::State;

use super::{schema, shown, shown_example};
use crate::api::users::envelope::{Enveloped, envelope, enveloped};
use crate::domain::{Code, EventId, KeyScope};
use crate::web::reference::{Operation, Schema, Takes, example};
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = envelope(&example::context(), &shown_example()).example();
    Operation::new("getEvent", include_str!("get.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Events)))
        .path("event_id", Schema::id("evt").such_as(example::EVENT.to_string()))
        .answers(200, "The event.", enveloped(schema()), example)
        .refuses(&[Code::EventNotFound])
}

/// 200 with the event; 404 for any id that is not one of this environment.
pub async fn get(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Events as u8 }>,
    Segment(id): Segment,
) -> Result<Enveloped, Failure> {
    let not_found = || Failure::new(Code::EventNotFound);
    let id: EventId = id.and_then(|text| text.parse().ok()).ok_or_else(not_found)?;
    let event = web.instance.store.event(&scope, id).await?.ok_or_else(not_found)?;
    Ok(envelope(&context, &shown(&event)))
}
