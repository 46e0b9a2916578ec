//! `/e/{environment}/channels/…`: what providers report about the messages that they took.
//!
//! The signature is checked over the raw body before anything is read from it; then the reports are put down, each once,
//! and answered 200: what follows from them is a job's. A call that nobody signed changes nothing and is 403.

pub mod sms;
pub mod whatsapp;

use aboard_vault::sha256;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::channels::{Channel, ChannelKind, StatusUpdate};
use crate::domain::{Code, EnvironmentId, MessageId};
use crate::sealed;
use crate::store::{NewReport, ProviderScope};
use crate::web::{Context, Failure, Web, admit_address};

/// The channel whose address is called, if it is set.
async fn find(
    web: &Web,
    environment: Option<String>,
    kind: ChannelKind,
) -> Result<Option<(ProviderScope, Channel)>, Failure> {
    let Some(environment) = environment.and_then(|text| text.parse::<EnvironmentId>().ok()) else {
        return Ok(None);
    };
    let found = web.instance.store.provider_channel(environment, kind.name()).await?;
    Ok(found.and_then(|(scope, stored)| {
        let place = sealed::channel(environment, kind.name());
        let opened = web.instance.vault.open(&place, &stored.sealed).ok()?;
        Some((scope, Channel::from_json(kind, opened.expose()).ok()?))
    }))
}

/// The one answer to calls that the provider did not sign, and to channels that are not set. Providers are never
/// refused for what others try from an address.
fn unsigned(web: &Web, context: &Context, channel: &'static str) -> Failure {
    metrics::counter!("aboard_provider_calls_total", "channel" => channel, "outcome" => "refused").increment(1);
    match admit_address(web, context) {
        Err(limited) => limited,
        Ok(()) => Failure::new(Code::Forbidden).saying("This call is not signed by the provider of this channel."),
    }
}

/// Puts reports down and answers 200.
async fn take(
    web: &Web,
    context: &Context,
    scope: &ProviderScope,
    channel: &'static str,
    reports: Vec<NewReport>,
) -> Result<Response, Failure> {
    metrics::counter!("aboard_provider_calls_total", "channel" => channel, "outcome" => "taken").increment(1);
    if !reports.is_empty() && web.instance.store.take_reports(scope, reports, context.now).await? > 0 {
        (web.wake_messages)();
    }
    Ok((StatusCode::OK, "ok\n").into_response())
}

/// A report about a message, as it is kept.
fn about_message(web: &Web, update: StatusUpdate, message: Option<&str>) -> NewReport {
    let message = message.or(update.reference.as_deref());
    NewReport {
        id: web.instance.ids.id(),
        digest: sha256(update.dedupe_key().as_bytes()),
        message: message.and_then(|text| text.parse::<MessageId>().ok()),
        progress: update.progress.name(),
        code: update.failure.and_then(|failure| failure.code),
        provider_id: Some(update.provider_id),
    }
}
