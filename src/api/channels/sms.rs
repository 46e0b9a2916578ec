//! `POST /e/{environment}/channels/sms?message=…`: Twilio's status calls.
//!
//! The address is given to Twilio with each message. Its signature covers the whole of it, so what its query says of the
//! message is ours.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use url::form_urlencoded;

use super::{about_message, find, take, unsigned};
use crate::channels::twilio::inbound;
use crate::channels::{Channel, ChannelKind};
use crate::web::{Context, Failure, RawBody, Segment, Web};

/// One report about one message. 200 as soon as it is durably kept.
pub async fn reports(
    State(web): State<Web>,
    context: Context,
    Segment(environment): Segment,
    uri: Uri,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Failure> {
    let found = find(&web, environment, ChannelKind::Sms).await?;
    let Some((scope, Channel::Sms(twilio))) = found else {
        return Err(unsigned(&web, &context, "sms"));
    };
    // As Twilio was told it: never by a host that the caller names.
    let called = uri
        .path_and_query()
        .map_or_else(|| uri.path(), |called| called.as_str());
    let url = format!("{}{called}", web.public_url);
    let signature = headers.get(inbound::SIGNATURE).and_then(|value| value.to_str().ok());
    if !inbound::is_signed(twilio.auth_token(), signature, &url, &body) {
        return Err(unsigned(&web, &context, "sms"));
    }
    let query = uri.query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "message");
    let message = named.map(|(_, message)| message.into_owned());
    let update = inbound::read(&body).filter(|update| update.account == twilio.account_sid());
    let reports = update.map(|update| about_message(&web, update, message.as_deref()));
    take(&web, &context, &scope, "sms", reports.into_iter().collect()).await
}
