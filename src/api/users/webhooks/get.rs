//! `GET /v1/webhooks/{webhook_id}`: one webhook, how it fares, never its secret.

use axum::extract::State;

use super::{not_found, schema, shown, shown_example, webhook_id, webhook_id_schema};
use crate::api::users::envelope::{Enveloped, envelope, enveloped};
use crate::domain::{Code, KeyScope};
use crate::web::reference::{Operation, Takes, example};
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = envelope(&example::context(), &shown_example()).example();
    Operation::new("getWebhook", include_str!("get.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .path("webhook_id", webhook_id_schema())
        .answers(200, "The webhook.", enveloped(schema()), example)
        .refuses(&[Code::WebhookNotFound])
}

/// 200 with the webhook; 404 for any id that is not one of this environment.
pub async fn get(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
) -> Result<Enveloped, Failure> {
    let found = web.instance.store.webhook(&scope, webhook_id(id)?).await?;
    Ok(envelope(&context, &shown(&found.ok_or_else(not_found)?)))
}
