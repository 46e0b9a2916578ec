//! `DELETE /v1/webhooks/{webhook_id}`: an address is told of nothing any more.
//!
//! What was on its way to it is not sent. To switch it off for a while, change `enabled` instead.

use axum::extract::State;
use serde_json::json;

use super::{not_found, webhook_id, webhook_id_schema};
use crate::api::users::envelope::{Enveloped, envelope, enveloped};
use crate::domain::{Code, KeyScope};
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let answer = Schema::object([
        always("webhook_id", Schema::id("wh")),
        always("deleted", Schema::just(true)),
    ]);
    let example = envelope(
        &example::context(),
        &json!({ "webhook_id": example::WEBHOOK, "deleted": true }),
    )
    .example();
    Operation::new("deleteWebhook", include_str!("delete.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .path("webhook_id", webhook_id_schema())
        .answers(
            200,
            "The webhook is gone.",
            enveloped(answer.named("DeletedWebhook")),
            example,
        )
        .refuses(&[Code::WebhookNotFound])
}

/// 200 `{"webhook_id":"wh_…","deleted":true}`; 404 for any id that is not one of this environment.
pub async fn delete(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
) -> Result<Enveloped, Failure> {
    let id = webhook_id(id)?;
    let admin = web.instance.admin_as(&format!("server key {}", scope.key()));
    let store = &web.instance.store;
    if !store.delete_webhook(&scope, &admin, id, context.now).await? {
        return Err(not_found());
    }
    Ok(envelope(&context, &json!({ "webhook_id": id, "deleted": true })))
}
