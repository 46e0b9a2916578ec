//! `POST /v1/webhooks/{webhook_id}/test`: send a webhook an example, and see what it answers.
//!
//! It is signed and delivered as a real event is, goes to this webhook alone and stands in no log. Its `data` is that of
//! the reference's example. Look with `GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{not_found, webhook_id, webhook_id_schema};
use crate::api::users::caller;
use crate::api::users::envelope::{envelope, enveloped};
use crate::api::users::events::catalogue;
use crate::domain::{Code, DeliveryId, EventId, EventType, Invalid, KeyScope};
use crate::store::NewTestDelivery;
use crate::web::reference::{Operation, Schema, Takes, always, example, optional};
use crate::web::{Call, Context, Failure, IdempotencyKey, OptionalJson, Segment, ServerKey, Web, once, whole_seconds};

/// What the reference says of it.
pub fn doc() -> Operation {
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    let kind = Schema::one_of(&names).usually(EventType::UserLinked.as_str());
    let request = Schema::object([optional("type", kind)]);
    let answer = Schema::object([always("delivery_id", Schema::id("dlv"))]);
    let example = envelope(&example::context(), &json!({ "delivery_id": example::DELIVERY })).example();
    Operation::new("testWebhook", include_str!("send_test.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .repeatable()
        .path("webhook_id", webhook_id_schema())
        .optional_body(request.named("WebhookTest"), json!({ "type": "user.linked" }))
        .answers(
            202,
            "It is on its way.",
            enveloped(answer.named("SentDelivery")),
            example,
        )
        .refuses(&[Code::WebhookNotFound])
}

/// 202 with the delivery's id; 404 for any webhook that is not one of this environment.
pub async fn send_test(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
    key: IdempotencyKey,
    OptionalJson { mut fields, raw }: OptionalJson,
) -> Result<Response, Failure> {
    let id = webhook_id(id)?;
    let kind = fields.optional("type", |text| {
        let nearest = || EventType::nearest(&text).join(", ");
        EventType::parse(&text).ok_or_else(|| {
            Invalid::new(format!(
                "There is no event of this type. The nearest are {}.",
                nearest()
            ))
        })
    })?;
    let kind = kind.unwrap_or(EventType::UserLinked);
    let (_, data) = catalogue::data(kind);
    let body = json!({ "type": kind.as_str(), "timestamp": whole_seconds(context.now), "data": data });
    let delivery = DeliveryId(web.instance.ids.id());
    let new = NewTestDelivery {
        delivery,
        event: EventId(web.instance.ids.id()),
        kind: kind.as_str().to_owned(),
        body: body.to_string().into_bytes(),
    };
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let store = &web.instance.store;
    let sent = store
        .send_test(&scope, id, new, repeatable.claim.clone(), context.now)
        .await?;
    let delivery = match once(sent)? {
        Call::Done(true) => delivery,
        Call::Done(false) => return Err(not_found()),
        Call::Replayed(saved) => DeliveryId(saved.resource.unwrap_or_default()),
    };
    (web.wake_deliveries)();
    let answer = envelope(&context, &json!({ "delivery_id": delivery }));
    Ok((StatusCode::ACCEPTED, answer).into_response())
}
