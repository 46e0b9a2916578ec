//! `/v1/webhooks`: addresses of yours that are told of events.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod delivery;
pub mod get;
pub mod list;
pub mod replay;
mod request;
pub mod rotate_secret;
pub mod send_test;
pub mod update;

use serde_json::{Value, json};

use crate::domain::webhook::WebhookSecret;
use crate::domain::{Code, EVENT_VERSION, EnvironmentId, Invalid, WebhookId, WebhookSecretId};
use crate::sealed;
use crate::store::{DisabledWhy, NewWebhookSecret, Webhook};
use crate::web::reference::{Field, Schema, always, example};
use crate::web::{Failure, Web, whole_seconds};

/// The webhook that a path names.
fn webhook_id(segment: Option<String>) -> Result<WebhookId, Failure> {
    let id = segment.and_then(|text| text.parse().ok());
    id.ok_or_else(not_found)
}

fn not_found() -> Failure {
    Failure::new(Code::WebhookNotFound)
}

/// The parameter of a path that names a webhook.
fn webhook_id_schema() -> Schema {
    Schema::id("wh").such_as(example::WEBHOOK.to_string())
}

/// A webhook, without anything secret, in the documented order.
fn shown(webhook: &Webhook) -> Value {
    let (status, why) = match webhook.disabled {
        None => ("active", None),
        Some((why, _)) => ("disabled", Some(why.as_str())),
    };
    json!({
        "webhook_id": webhook.id,
        "url": webhook.url,
        "events": webhook.events.words(),
        "description": webhook.description,
        "status": status,
        "disabled_reason": why,
        "disabled_at": webhook.disabled.map(|(_, at)| whole_seconds(at)),
        "failing_since": webhook.failing_since.map(whole_seconds),
        "version": webhook.version,
        "per_second": webhook.per_second,
        "header_names": webhook.header_names,
        "metadata": webhook.metadata.to_value(),
        "created_at": whole_seconds(webhook.created_at),
        "updated_at": whole_seconds(webhook.updated_at),
        "last_delivery": webhook.last_delivery_at.map(whole_seconds),
        "successful_deliveries": webhook.delivered,
        "failed_deliveries": webhook.failed,
    })
}

/// The same with what was made for it, shown this once.
fn shown_with_secret(webhook: &Webhook, secret: &WebhookSecret) -> Value {
    let mut shown = shown(webhook);
    shown["secret"] = secret.expose().as_str().into();
    shown["public_key"] = json!(secret.public_key());
    shown
}

fn fields() -> Vec<Field> {
    let reasons = [DisabledWhy::ByYou, DisabledWhy::Gone, DisabledWhy::Failing].map(DisabledWhy::as_str);
    vec![
        always("webhook_id", Schema::id("wh")),
        always("url", Schema::text()),
        always("events", Schema::list(Schema::text())),
        always("description", Schema::text().or_null()),
        always("status", Schema::one_of(&["active", "disabled"])),
        always("disabled_reason", Schema::one_of(&reasons).or_null()),
        always("disabled_at", Schema::time().or_null()),
        always(
            "failing_since",
            Schema::time().or_null().says("Since when every attempt fails."),
        ),
        always(
            "version",
            Schema::just(EVENT_VERSION).says("The version of the events' shapes that it is told."),
        ),
        always(
            "per_second",
            Schema::integer(1, 1_000)
                .or_null()
                .says("Deliveries a second, at most."),
        ),
        always(
            "header_names",
            Schema::list(Schema::text()).says("Headers that are sent along; their values are never shown."),
        ),
        always("metadata", Schema::map()),
        always("created_at", Schema::time()),
        always("updated_at", Schema::time()),
        always(
            "last_delivery",
            Schema::time().or_null().says("When something last arrived."),
        ),
        always("successful_deliveries", Schema::count()),
        always("failed_deliveries", Schema::count().says("Attempts that failed.")),
    ]
}

fn schema() -> Schema {
    Schema::object_of(fields()).named("Webhook")
}

fn schema_with_secret() -> Schema {
    let secret = Schema::text().pattern("^whsec_[A-Za-z0-9+/]+={0,2}$");
    let public = Schema::text().pattern("^whpk_[A-Za-z0-9+/]+={0,2}$");
    let shown_once = [
        always(
            "secret",
            secret.says("What signs (v1, Waffy-Signature). Shown in this answer alone."),
        ),
        always("public_key", public.says("What verifies the v1a signature. No secret.")),
    ];
    Schema::object_of(fields().into_iter().chain(shown_once)).named("WebhookWithSecret")
}

fn shown_example() -> Value {
    shown(&example_webhook())
}

fn example_with_secret() -> Value {
    shown_with_secret(&example_webhook(), &WebhookSecret::new(vec![0xab; 32]))
}

fn example_webhook() -> Webhook {
    Webhook {
        id: example::WEBHOOK,
        url: "https://example.com/hooks".to_owned(),
        description: Some("The shop's back end".to_owned()),
        events: crate::domain::EventFilter::stored("user.* login.refused"),
        version: EVENT_VERSION.to_owned(),
        metadata: crate::domain::Metadata::default(),
        header_names: Vec::new(),
        per_second: None,
        disabled: None,
        failing_since: None,
        delivered: 0,
        failed: 0,
        last_delivery_at: None,
        created_at: example::time(),
        updated_at: example::time(),
    }
}

/// A fresh secret, or the one that the caller made.
fn secret(web: &Web, own: Option<&str>) -> Result<WebhookSecret, Failure> {
    match own {
        None => Ok(WebhookSecret::new(web.instance.ids.secret::<32>().to_vec())),
        Some(text) => WebhookSecret::parse(text).map_err(|wrong: Invalid| Failure::field("secret", wrong)),
    }
}

/// The secret as it is stored.
fn sealed_secret(web: &Web, environment: EnvironmentId, secret: &WebhookSecret) -> NewWebhookSecret {
    let id = WebhookSecretId(web.instance.ids.id());
    let place = sealed::webhook_secret(environment, id);
    let sealed = web
        .instance
        .vault
        .seal(&place, secret.expose_bytes(), web.instance.ids.entropy());
    NewWebhookSecret { id, sealed }
}
