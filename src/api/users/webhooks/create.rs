//! `POST /v1/webhooks`: be told of events at an address of yours.
//!
//! It is told of what happens from now on. Deliveries carry the headers of Standard Webhooks and `Waffy-Signature`; check
//! one of them on the raw body before you believe anything in it. Whatever is not answered with a 2xx within 15 seconds
//! is tried again, for a day. An address that fails for five days, or answers 410, is switched off, which is an event.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{example_with_secret, request, schema_with_secret, sealed_secret, secret, shown_with_secret};
use crate::api::users::caller;
use crate::api::users::envelope::{envelope, enveloped};
use crate::api::users::link::metadata;
use crate::domain::{Code, EVENT_VERSION, Invalid, KeyScope, Metadata, WebhookId};
use crate::store::{CreateWebhookOutcome, NewWebhook};
use crate::web::reference::{Operation, Schema, Takes, example, optional, required};
use crate::web::{Call, Context, Failure, IdempotencyKey, JsonObject, ServerKey, Web, once, secret_was_shown};

/// What the reference says of it.
pub fn doc() -> Operation {
    let events =
        Schema::list(Schema::text()).says("Types, `user.*` for a group, `*` for all, those of later releases too.");
    let secret = Schema::text().pattern("^whsec_[A-Za-z0-9+/]+={0,2}$");
    let own = [
        required("url", Schema::text().says("https; in a sandbox http as well.")),
        required("events", events),
        optional("secret", secret.says("A secret of your own; without it one is made.")),
    ];
    let request = Schema::object_of(own.into_iter().chain(request::fields()));
    let example = envelope(&example::context(), &example_with_secret()).example();
    Operation::new("createWebhook", include_str!("create.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .repeatable()
        .body(
            request.named("NewWebhook"),
            json!({
                "url": "https://example.com/hooks", "events": ["user.*", "login.refused"], "description": "The shop's back end",
            }),
        )
        .answers(201, "The webhook, with its secret.", enveloped(schema_with_secret()), example)
}

/// 201 with the webhook and its secret, which is in this answer alone; 409 past 1,000 webhooks.
pub async fn create(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let id = WebhookId(web.instance.ids.id());
    let missing = |name: &'static str| move || Failure::field(name, Invalid::new(format!("{name} is required.")));
    let own = fields.optional_text("secret")?.map(zeroize::Zeroizing::new);
    let secret = secret(&web, own.as_deref().map(String::as_str))?;
    request::version(&mut fields)?;
    let metadata = metadata(&mut fields)?.unwrap_or_default();
    let metadata = Metadata::default()
        .merged(&metadata)
        .map_err(|wrong| Failure::field("metadata", wrong))?;
    let new = NewWebhook {
        id,
        url: request::url(&mut fields, &web, &scope)?.ok_or_else(missing("url"))?,
        events: request::events(&mut fields)?.ok_or_else(missing("events"))?,
        description: request::description(&mut fields)?.flatten(),
        version: EVENT_VERSION.to_owned(),
        metadata,
        headers: request::headers(&mut fields, &web, &scope, id)?.unwrap_or_default(),
        per_second: request::per_second(&mut fields)?.flatten(),
        enabled: fields.optional_bool("enabled")?.unwrap_or(true),
        secret: sealed_secret(&web, scope.environment(), &secret),
    };
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let admin = web.instance.admin_as(&format!("server key {}", scope.key()));
    let store = &web.instance.store;
    let created = store
        .create_webhook(&scope, &admin, new, repeatable.claim.clone(), context.now)
        .await?;
    match once(created)? {
        Call::Done(CreateWebhookOutcome::Created(webhook)) => {
            let body = envelope(&context, &shown_with_secret(&webhook, &secret));
            Ok((StatusCode::CREATED, body).into_response())
        }
        Call::Done(CreateWebhookOutcome::TooMany(most)) => Err(Failure::new(Code::Conflict).saying(format!(
            "This environment has {most} webhooks, and may have no more. Delete one, or let one take several types of events."
        ))),
        Call::Replayed(saved) => {
            let made = WebhookId(saved.resource.unwrap_or_default()).to_string();
            Err(secret_was_shown(&made))
        }
    }
}
