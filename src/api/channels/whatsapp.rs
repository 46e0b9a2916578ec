//! `GET` and `POST /e/{environment}/channels/whatsapp`: the webhook of the WhatsApp Cloud API.

use aboard_vault::sha256;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::{about_message, find, take, unsigned};
use crate::channels::whatsapp::inbound;
use crate::channels::{Channel, ChannelKind, Progress};
use crate::store::NewReport;
use crate::web::{Context, Failure, RawBody, Segment, Web};

/// Meta sets the webhook up: the challenge goes back, as plain text, to who knows the channel's `verify_token`.
pub async fn subscribe(
    State(web): State<Web>,
    context: Context,
    Segment(environment): Segment,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let answered = match find(&web, environment, ChannelKind::WhatsApp).await? {
        Some((_, Channel::WhatsApp(whatsapp))) => {
            inbound::challenge(whatsapp.verify_token(), &query.unwrap_or_default())
        }
        _ => None,
    };
    let challenge = answered.ok_or_else(|| unsigned(&web, &context, "whatsapp"))?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response())
}

/// Reports of what became of messages, and of faults of the account. 200 as soon as they are durably kept; whatever
/// else is signed is answered 200 as well, because it would only be sent again.
pub async fn reports(
    State(web): State<Web>,
    context: Context,
    Segment(environment): Segment,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Failure> {
    let found = find(&web, environment, ChannelKind::WhatsApp).await?;
    let Some((scope, Channel::WhatsApp(whatsapp))) = found else {
        return Err(unsigned(&web, &context, "whatsapp"));
    };
    let signature = headers.get(inbound::SIGNATURE).and_then(|value| value.to_str().ok());
    if !inbound::is_signed(whatsapp.app_secret(), signature, &body) {
        return Err(unsigned(&web, &context, "whatsapp"));
    }
    let call = inbound::read(&body).unwrap_or_default();
    let ours = whatsapp.phone_number_id();
    let mut reports = Vec::new();
    for update in call.statuses.into_iter().filter(|update| update.account == ours) {
        reports.push(about_message(&web, update, None));
    }
    for (number, fault) in call.faults.into_iter().enumerate() {
        if fault.account.as_deref().is_some_and(|account| account != ours) {
            continue;
        }
        // Nothing names a fault: copies of it are copies of the call.
        let whose = format!("fault {number} ");
        reports.push(NewReport {
            id: web.instance.ids.id(),
            digest: sha256(&[whose.as_bytes(), &body].concat()),
            provider_id: None,
            message: None,
            progress: Progress::Failed.name(),
            code: fault.failure.code,
        });
    }
    take(&web, &context, &scope, "whatsapp", reports).await
}
