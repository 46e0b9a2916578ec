//! One-time codes as SMS through Twilio's Messages API.
//!
//! Source: Twilio's reference of `POST /2010-04-01/Accounts/{AccountSid}/Messages.json`. A 201 means queued. There is no
//! idempotency: a call that has no answer is [`Then::Unknown`].

mod errors;
pub mod inbound;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;
use zeroize::Zeroizing;

use super::credentials::{CredentialsError, Fields, made_of};
use super::status::id;
use super::{About, Attempt, Mark, Message, SendFailure, Sent, Then, text};
use crate::outbound::Answer;

/// Where the API is.
pub const BASE_URL: &str = "https://api.twilio.com";

/// A Twilio account that sends SMS.
pub struct Twilio {
    url: String,
    account_sid: String,
    auth_token: Zeroizing<String>,
    /// User name and secret of an API key, if calls are not made with the auth token.
    api_key: Option<(String, Zeroizing<String>)>,
    sender: Sender,
}

/// Whom messages come from.
enum Sender {
    /// A number or an alphanumeric sender.
    From(String),
    /// A messaging service picks.
    Service(String),
}

fn sid(prefix: &'static str) -> impl Fn(&str) -> bool {
    move |text| {
        let digits = text.strip_prefix(prefix);
        digits.is_some_and(|digits| made_of(digits, 32, 32, |byte| byte.is_ascii_hexdigit()))
    }
}

impl Twilio {
    /// Reads credentials:
    ///
    /// | field | |
    /// |---|---|
    /// | `account_sid` | `AC…` |
    /// | `auth_token` | the **primary** auth token: it signs status calls |
    /// | `api_key_sid`, `api_key_secret` | optional: an API key (`SK…`) to make calls with instead |
    /// | `from` | a number in E.164 or an alphanumeric sender; or: |
    /// | `messaging_service_sid` | `MG…` |
    /// | `base_url` | optional: the API's address, for another region |
    ///
    /// # Errors
    /// Names the field.
    pub fn from_json(json: &[u8]) -> Result<Self, CredentialsError> {
        let sender = |text: &str| {
            let number = text.strip_prefix('+');
            number.map_or_else(
                || {
                    made_of(text, 1, 11, |byte| {
                        byte.is_ascii_alphanumeric() || b" -_&+".contains(&byte)
                    })
                },
                |digits| made_of(digits, 7, 15, |byte| byte.is_ascii_digit()),
            )
        };
        let mut fields = Fields::read(json)?;
        let account_sid = fields.required(
            "account_sid",
            sid("AC"),
            "Send the account's SID: AC and 32 hex digits.",
        )?;
        let auth_token = fields.secret("auth_token")?;
        let help = "Send the API key's SID: SK and 32 hex digits.";
        let key_sid = fields.optional("api_key_sid", sid("SK"), help)?;
        let key_secret = fields.optional_secret("api_key_secret")?;
        let help = "Send a number like +15005550006, or a sender of at most 11 letters and digits.";
        let from = fields.optional("from", sender, help)?;
        let help = "Send the messaging service's SID: MG and 32 hex digits.";
        let service = fields.optional("messaging_service_sid", sid("MG"), help)?;
        let base_url = fields.base_url("base_url", Some(BASE_URL))?;
        fields.end()?;
        let api_key = match (key_sid, key_secret) {
            (Some(sid), Some(secret)) => Some((sid, secret)),
            (None, None) => None,
            (Some(_), None) => return Err(CredentialsError::new("api_key_secret", "Send it with api_key_sid.")),
            (None, Some(_)) => return Err(CredentialsError::new("api_key_sid", "Send it with api_key_secret.")),
        };
        let sender = match (from, service) {
            (Some(from), None) => Sender::From(from),
            (None, Some(service)) => Sender::Service(service),
            _ => {
                let help = "Send either `from` or `messaging_service_sid`.";
                return Err(CredentialsError::new("from", help));
            }
        };
        Ok(Self {
            url: format!("{base_url}/2010-04-01/Accounts/{account_sid}/Messages.json"),
            account_sid,
            auth_token,
            api_key,
            sender,
        })
    }

    /// The account, with which status calls are compared.
    #[must_use]
    pub fn account_sid(&self) -> &str {
        &self.account_sid
    }

    /// What signs status calls.
    #[must_use]
    pub fn auth_token(&self) -> &[u8] {
        self.auth_token.as_bytes()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn described(&self) -> Vec<(&'static str, String)> {
        let sender = match &self.sender {
            Sender::From(from) => ("from", from.clone()),
            Sender::Service(service) => ("messaging_service_sid", service.clone()),
        };
        let account = ("account_sid", self.account_sid.clone());
        vec![account, sender, ("url", self.url.clone())]
    }

    pub(super) fn secrets(&self) -> Vec<&str> {
        let key = self.api_key.iter().map(|(_, secret)| secret.as_str());
        key.chain([self.auth_token.as_str()]).collect()
    }

    pub(super) async fn send(&self, attempt: &Attempt<'_>, message: &Message) -> Result<Sent, SendFailure> {
        if !message.to.key().starts_with('+') {
            let words = "the number has no country code";
            let then = Then::BadDestination(Mark::DoesNotExist);
            return Err(SendFailure::new(then, About::Destination, words));
        }
        let (user, password) = match &self.api_key {
            Some((sid, secret)) => (sid, secret),
            None => (&self.account_sid, &self.auth_token),
        };
        let pair = Zeroizing::new(format!("{user}:{}", &**password));
        let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let Some(authorization) = super::http::secret_header(&basic) else {
            let words = "the credentials do not fit into a header";
            return Err(SendFailure::new(Then::Stop, About::Credentials, words));
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let post = async |status_url| {
            let body = super::http::wiped(self.form(attempt, message, status_url));
            let sent = attempt
                .outbound
                .post(attempt.kind, &self.url, headers.clone(), body)
                .await;
            read(&sent.map_err(SendFailure::without_answer)?)
        };
        let status_url = message.status_url.as_deref();
        match post(status_url).await {
            // Nothing was sent. Twilio calls no address inside our own network: better no reports than no code.
            Err(failure) if failure.code == Some(errors::BAD_CALLBACK) && status_url.is_some() => {
                let sent = post(None).await?;
                Ok(Sent {
                    trouble: Some(failure),
                    ..sent
                })
            }
            sent => sent,
        }
    }

    fn form(&self, attempt: &Attempt<'_>, message: &Message, status_url: Option<&str>) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", message.to.key());
        match &self.sender {
            Sender::From(from) => form.append_pair("From", from),
            Sender::Service(service) => form.append_pair("MessagingServiceSid", service),
        };
        form.append_pair("Body", &text::sms(message));
        // A code that arrives after its end only confuses. Twilio takes from 1 second to 10 hours.
        let left = message
            .expires_at
            .duration_since(attempt.now)
            .as_secs()
            .clamp(1, 36_000);
        form.append_pair("ValidityPeriod", &left.to_string());
        if let Some(url) = status_url {
            form.append_pair("StatusCallback", url);
        }
        form.finish()
    }
}

/// What a reported error code means for a message.
pub(super) fn failure(code: i64) -> SendFailure {
    errors::failure(code, None)
}

fn read(answer: &Answer) -> Result<Sent, SendFailure> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if !(200..300).contains(&answer.status) {
        return Err(match body["code"].as_i64() {
            Some(code) => errors::failure(code, body["message"].as_str()).retry_after(answer.retry_after),
            None => SendFailure::of_status(answer.status, answer.retry_after),
        });
    }
    if matches!(body["status"].as_str(), Some("failed" | "undelivered" | "canceled")) {
        let code = body["error_code"].as_i64().unwrap_or(errors::UNKNOWN);
        return Err(errors::failure(code, body["error_message"].as_str()));
    }
    match body["sid"].as_str().and_then(id) {
        Some(sid) => Ok(Sent::new(Some(sid))),
        None => Err(SendFailure::of_status(answer.status, None)),
    }
}
