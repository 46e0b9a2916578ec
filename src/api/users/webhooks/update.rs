//! `PUT /v1/webhooks/{webhook_id}`: change a webhook; what is absent stays.
//!
//! `enabled` switches it off and on. One that was off begins with what happens from now on; what it missed it gets with
//! `POST /v1/webhooks/{webhook_id}/replay`. `headers` replaces all of them, `metadata` is merged key by key. A new
//! address takes what is on its way as well.

use axum::extract::State;
use serde_json::json;

use super::{not_found, request, schema, shown, shown_example, webhook_id, webhook_id_schema};
use crate::api::users::envelope::{Enveloped, envelope, enveloped};
use crate::api::users::link::metadata;
use crate::domain::{Code, KeyScope};
use crate::store::UpdateWebhook;
use crate::web::reference::{Operation, Schema, Takes, example, optional};
use crate::web::{Context, Failure, JsonObject, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let own = [
        optional("url", Schema::text().says("https; in a sandbox http as well.")),
        optional("events", Schema::list(Schema::text())),
    ];
    let request = Schema::object_of(own.into_iter().chain(request::fields()));
    let example = envelope(&example::context(), &shown_example()).example();
    Operation::new("updateWebhook", include_str!("update.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .path("webhook_id", webhook_id_schema())
        .body(
            request.named("WebhookUpdate"),
            json!({ "events": ["user.*"], "per_second": 50 }),
        )
        .answers(200, "The webhook as it is now.", enveloped(schema()), example)
        .refuses(&[Code::WebhookNotFound])
}

/// 200 with the webhook; 404 for any id that is not one of this environment.
pub async fn update(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Enveloped, Failure> {
    let id = webhook_id(id)?;
    request::version(&mut fields)?;
    let change = UpdateWebhook {
        url: request::url(&mut fields, &web, &scope)?,
        description: request::description(&mut fields)?,
        events: request::events(&mut fields)?,
        metadata: metadata(&mut fields)?,
        headers: request::headers(&mut fields, &web, &scope, id)?,
        per_second: request::per_second(&mut fields)?,
        enabled: fields.optional_bool("enabled")?,
    };
    let admin = web.instance.admin_as(&format!("server key {}", scope.key()));
    let store = &web.instance.store;
    let updated = store.update_webhook(&scope, &admin, id, change, context.now).await?;
    let webhook = updated
        .ok_or_else(not_found)?
        .map_err(|wrong| Failure::field("metadata", wrong))?;
    Ok(envelope(&context, &shown(&webhook)))
}
