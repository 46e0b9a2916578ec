//! The headers of one attempt: Standard Webhooks, and those that the documented surfaces promise.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::attempt::{Ready, Recipient};
use crate::domain::webhook::WebhookSecret;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const PARTNER: HeaderName = HeaderName::from_static("x-webhook-secret");
const WAFFY: HeaderName = HeaderName::from_static("waffy-signature");

/// The headers; `None` if no secret opened.
pub(super) fn headers(ready: &Ready, seconds: i64, body: &[u8]) -> Option<HeaderMap> {
    let id = ready.due.event.to_string();
    let mut headers = HeaderMap::with_capacity(8);
    match &ready.to {
        Recipient::Partner(secret) => {
            let secret = secret.as_ref()?;
            headers.insert(SIGNATURE, value(&secret.sign(&id, seconds, body))?);
            if ready.due.header_set == "partner" {
                headers.insert(PARTNER, value(&secret.sign_body(body))?);
            }
        }
        Recipient::Webhook(endpoint) => {
            // The organization's own come first: none of ours can be replaced.
            headers.extend(endpoint.headers.iter().cloned());
            let oldest = endpoint.secrets.last()?;
            headers.insert(SIGNATURE, value(&signatures(&endpoint.secrets, &id, seconds, body))?);
            // It holds one value: during a rotation that of the secret that every receiver has.
            headers.insert(WAFFY, value(&format!("sha256={}", oldest.sign_body(body)))?);
        }
        Recipient::Nobody(_) => return None,
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ID, value(&id)?);
    headers.insert(TIMESTAMP, seconds.into());
    Some(headers)
}

/// Both signatures of each secret, with spaces between them.
fn signatures(secrets: &[WebhookSecret], id: &str, seconds: i64, body: &[u8]) -> String {
    let each = secrets.iter().flat_map(|secret| {
        let first = Some(secret.sign(id, seconds, body));
        first.into_iter().chain(secret.sign_v1a(id, seconds, body))
    });
    each.collect::<Vec<_>>().join(" ")
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}
