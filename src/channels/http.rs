//! The organization's own sender: a signed POST, for those who send codes by means that Aboard does not know.
//!
//! ```text
//! POST <url>
//! content-type: application/json
//! webhook-id: <reference>          the same over all attempts: send each once
//! webhook-timestamp: <seconds>
//! webhook-signature: v1,<base64>   Standard Webhooks, as on all webhooks of Aboard
//!
//! {"type":"code.send","timestamp":"…","data":{"id":"<reference>","to":{"phone":"+30…"},"code":"…","text":"…",
//!  "purpose":"log_in","app":"Acme","language":"el","expires_at":"…"}}
//! ```
//!
//! A notice, which has no code, comes as `"type":"notice.send"`, with `"notice":"contact_changed"` in place of `code`,
//! `purpose` and `expires_at`. `to` holds `phone` or `email`; `text` is the whole message, ready to be sent. The sender answers:
//!
//! | status | means |
//! |---|---|
//! | 2xx | taken; `{"id":"…"}` in the body, if there is one, is kept |
//! | 422 | the destination cannot be reached: it is marked |
//! | 429, 5xx | again later; `Retry-After` is honoured |
//! | 409 | taken before: the same as 2xx |
//! | any other, redirects too | wrongly set up: the channel stops until somebody looks |

use aboard_vault::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::credentials::{CredentialsError, Fields};
use super::status::id;
use super::{About, Attempt, Destination, Mark, Message, Says, SendFailure, Sent, Then, text};
use crate::domain::webhook::WebhookSecret;
use crate::outbound::{Answer, SendError};

/// The organization's own sender.
pub struct HttpSender {
    url: String,
    secret: WebhookSecret,
}

impl HttpSender {
    /// Reads credentials: `url`, and `secret` (`whsec_` and base64 of 24 to 64 bytes).
    ///
    /// # Errors
    /// Names the field.
    pub fn from_json(json: &[u8]) -> Result<Self, CredentialsError> {
        let mut fields = Fields::read(json)?;
        // Unlike the address of an API it may have a query; the guard reads it again at every call.
        let is_url = |text: &str| {
            let url = url::Url::parse(text);
            url.is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host().is_some())
        };
        let url = fields.required("url", is_url, "Send an address that starts with https://.")?;
        let secret = fields.secret("secret")?;
        fields.end()?;
        let bytes = secret
            .strip_prefix("whsec_")
            .and_then(|text| STANDARD.decode(text).ok())
            .filter(|bytes| (24..=64).contains(&bytes.len()));
        let help = "Send whsec_ and the base64 of 24 to 64 random bytes.";
        let bytes = bytes.ok_or_else(|| CredentialsError::new("secret", help))?;
        Ok(Self {
            url,
            secret: WebhookSecret::new(bytes),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn send(&self, attempt: &Attempt<'_>, message: &Message) -> Result<Sent, SendFailure> {
        let body = body(attempt, message);
        let id = message.reference.as_str();
        let seconds = attempt.now.as_second();
        let signature = self.secret.sign(id, seconds, &body);
        let (Ok(id), Ok(signature)) = (HeaderValue::try_from(id), HeaderValue::try_from(signature)) else {
            let words = "the reference does not fit into a header";
            return Err(SendFailure::new(Then::FallBack, About::Message, words));
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("webhook-id"), id);
        headers.insert(HeaderName::from_static("webhook-timestamp"), seconds.into());
        headers.insert(HeaderName::from_static("webhook-signature"), signature);
        let sent = attempt.outbound.post(attempt.kind, &self.url, headers, body).await;
        read(&sent.map_err(without_answer)?)
    }
}

fn body(attempt: &Attempt<'_>, message: &Message) -> Bytes {
    let (to, text) = match &message.to {
        Destination::Phone(phone) => (json!({"phone": phone.key()}), text::sms(message)),
        Destination::Email(email) => (json!({"email": email.key()}), text::mail(message, attempt.now)),
    };
    let (id, app, language) = (message.reference.as_str(), message.app.as_str(), message.language.tag());
    let (kind, data) = match &message.says {
        Says::Code { code, purpose } => (
            "code.send",
            json!({
                "id": id, "to": to, "code": code.expose(), "text": &*text, "purpose": purpose.name(), "app": app,
                "language": language, "expires_at": message.expires_at.to_string(),
            }),
        ),
        Says::Notice { notice, .. } => (
            "notice.send",
            json!({ "id": id, "to": to, "notice": notice.name(), "text": &*text, "app": app, "language": language }),
        ),
    };
    let body = json!({ "type": kind, "timestamp": attempt.now.to_string(), "data": data });
    wiped(body.to_string())
}

/// The id makes a second attempt harmless: whatever may have arrived is sent again.
fn without_answer(error: SendError) -> SendFailure {
    let failure = SendFailure::without_answer(error);
    match failure.then {
        Then::Unknown => SendFailure {
            then: Then::Retry { after: None },
            ..failure
        },
        _ => failure,
    }
}

fn read(answer: &Answer) -> Result<Sent, SendFailure> {
    let (then, about, words) = match answer.status {
        200..=299 | 409 => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            return Ok(Sent::new(body["id"].as_str().and_then(id)));
        }
        422 => (
            Then::BadDestination(Mark::NotOnThisChannel),
            About::Destination,
            "the sender cannot reach the destination",
        ),
        429 | 500..=599 => return Err(SendFailure::of_status(answer.status, answer.retry_after)),
        300..=399 => (Then::Stop, About::Configuration, "redirects are not followed"),
        _ => (Then::Stop, About::Configuration, "the sender refused the call"),
    };
    let failure = SendFailure::new(then, about, words);
    Err(SendFailure {
        code: Some(answer.status.into()),
        ..failure
    })
}

/// A header that no log shows.
pub(super) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A body that is wiped when the last reader drops it.
pub(super) fn wiped(text: String) -> Bytes {
    struct Wiped(Secret);
    impl AsRef<[u8]> for Wiped {
        fn as_ref(&self) -> &[u8] {
            self.0.expose()
        }
    }
    Bytes::from_owner(Wiped(Secret::new(text.into_bytes())))
}
