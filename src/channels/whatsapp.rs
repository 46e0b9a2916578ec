//! One-time codes over the WhatsApp Cloud API, as authentication templates.
//!
//! Source: Meta's reference of `POST /{version}/{phone-number-id}/messages`. A 200 means that the message was taken,
//! not that it arrived; whether a number has WhatsApp at all is learned from the report of a failure
//! ([`inbound`]). The API knows no idempotency: a call that has no answer is [`Then::Unknown`].

mod errors;
pub mod inbound;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::credentials::{CredentialsError, Fields, made_of};
use super::status::id;
use super::{About, Attempt, Mark, Message, SendFailure, Sent, Then};
use crate::domain::{Language, OneTimeCode};
use crate::outbound::Answer;

/// Where the API is.
pub const BASE_URL: &str = "https://graph.facebook.com";
/// The version that this client was written for.
pub const VERSION: &str = "v24.0";
/// A template in the message's language, then in the first one, then the reserve template.
pub(super) const MOST_TRIES: u32 = 3;

/// A `WhatsApp` business number with a template for codes.
pub struct WhatsApp {
    url: String,
    phone_number_id: String,
    access_token: Zeroizing<String>,
    app_secret: Zeroizing<String>,
    verify_token: Zeroizing<String>,
    template: String,
    reserve_template: Option<String>,
    /// As `WhatsApp` writes them, such as `en_US`.
    languages: Vec<String>,
}

impl WhatsApp {
    /// Reads credentials:
    ///
    /// | field | |
    /// |---|---|
    /// | `phone_number_id` | the number's id (digits), not the number |
    /// | `access_token` | of a system user with `whatsapp_business_messaging` |
    /// | `app_secret` | signs the calls to our webhook |
    /// | `verify_token` | a secret of your choice, the same as in Meta's webhook settings |
    /// | `template` | the name of an authentication template with a copy-code button |
    /// | `languages` | the languages it is approved in, such as `["en_US","el"]`; the first is for everybody else |
    /// | `reserve_template` | optional: used while the other one is paused |
    /// | `version`, `base_url` | optional: the API's version and address |
    ///
    /// # Errors
    /// Names the field.
    pub fn from_json(json: &[u8]) -> Result<Self, CredentialsError> {
        let digit = |byte: u8| byte.is_ascii_digit();
        let in_template = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let template = |text: &str| made_of(text, 1, 512, in_template);
        let of_template = "Send the template's name: lower-case letters, digits and underscores.";
        let language = |text: &str| made_of(text, 2, 10, |byte| byte.is_ascii_alphabetic() || byte == b'_');
        let version = |text: &str| {
            let number = text.strip_prefix('v').and_then(|text| text.split_once('.'));
            number.is_some_and(|(major, minor)| made_of(major, 1, 3, digit) && made_of(minor, 1, 2, digit))
        };

        let mut fields = Fields::read(json)?;
        let phone_number_id = fields.required(
            "phone_number_id",
            |text| made_of(text, 1, 32, digit),
            "Send the id of the phone number: digits, as shown beside the number in Meta's settings.",
        )?;
        let access_token = fields.secret("access_token")?;
        let app_secret = fields.secret("app_secret")?;
        let verify_token = fields.secret("verify_token")?;
        let name = fields.required("template", template, of_template)?;
        let reserve_template = fields.optional("reserve_template", template, of_template)?;
        let languages = fields.list(
            "languages",
            language,
            "Send the list of languages that the template is approved in, such as [\"en_US\",\"el\"].",
        )?;
        let version = fields.optional("version", version, "Send a version such as v24.0.")?;
        let base_url = fields.base_url("base_url", Some(BASE_URL))?;
        fields.end()?;
        let version = version.as_deref().unwrap_or(VERSION);
        Ok(Self {
            url: format!("{base_url}/{version}/{phone_number_id}/messages"),
            phone_number_id,
            access_token,
            app_secret,
            verify_token,
            template: name,
            reserve_template,
            languages,
        })
    }

    /// The number's id, with which status reports are compared.
    #[must_use]
    pub fn phone_number_id(&self) -> &str {
        &self.phone_number_id
    }

    /// What signs the calls to our webhook.
    #[must_use]
    pub fn app_secret(&self) -> &[u8] {
        self.app_secret.as_bytes()
    }

    /// What Meta shows when the webhook is set up.
    #[must_use]
    pub fn verify_token(&self) -> &[u8] {
        self.verify_token.as_bytes()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn described(&self) -> Vec<(&'static str, String)> {
        let mut described = vec![
            ("phone_number_id", self.phone_number_id.clone()),
            ("template", self.template.clone()),
            ("languages", self.languages.join(" ")),
            ("url", self.url.clone()),
        ];
        described.extend(
            self.reserve_template
                .clone()
                .map(|reserve| ("reserve_template", reserve)),
        );
        described
    }

    pub(super) fn secrets(&self) -> [&str; 3] {
        [&self.access_token, &self.app_secret, &self.verify_token]
    }

    pub(super) async fn send(&self, attempt: &Attempt<'_>, message: &Message) -> Result<Sent, SendFailure> {
        let Some(to) = message.to.key().strip_prefix('+') else {
            let words = "the number has no country code";
            let then = Then::BadDestination(Mark::DoesNotExist);
            return Err(SendFailure::new(then, About::Destination, words));
        };
        let Some(code) = message.code() else {
            let words = "an authentication template carries a code alone";
            return Err(SendFailure::new(Then::FallBack, About::Message, words));
        };
        let first = self.languages[0].as_str();
        let mut template = self.template.as_str();
        let mut language = self.language_for(message.language);
        let mut trouble = None;
        for _ in 1..MOST_TRIES {
            let failure = match self.call(attempt, (message, code), to, template, language).await {
                Ok(sent) => return Ok(Sent { trouble, ..sent }),
                Err(failure) => failure,
            };
            let reserve = self.reserve_template.as_deref().filter(|reserve| *reserve != template);
            match failure.code {
                Some(errors::NO_SUCH_TEMPLATE) if language != first => language = first,
                Some(code) if errors::TEMPLATE_IS_OFF.contains(&code) => match reserve {
                    Some(reserve) => template = reserve,
                    None => return Err(failure),
                },
                _ => return Err(failure),
            }
            // The first trouble is the one to mend.
            trouble = trouble.or(Some(failure));
        }
        let sent = self.call(attempt, (message, code), to, template, language).await?;
        Ok(Sent { trouble, ..sent })
    }

    /// The language of the template for a language: `en` takes the first of `en`, `en_US`, `en_GB` that there is.
    fn language_for(&self, language: Language) -> &str {
        let mut known = self.languages.iter();
        let found = known.find(|known| Language::from_tag(known) == Some(language));
        found.unwrap_or(&self.languages[0])
    }

    async fn call(
        &self,
        attempt: &Attempt<'_>,
        (message, code): (&Message, &OneTimeCode),
        to: &str,
        template: &str,
        language: &str,
    ) -> Result<Sent, SendFailure> {
        let Some(authorization) = super::http::secret_header(&format!("Bearer {}", &*self.access_token)) else {
            let words = "the access token does not fit into a header";
            return Err(SendFailure::new(Then::Stop, About::Credentials, words));
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = body((message, code), to, template, language);
        let sent = attempt.outbound.post(attempt.kind, &self.url, headers, body).await;
        read(&sent.map_err(SendFailure::without_answer)?)
    }
}

/// What a reported error code means for a message.
pub(super) fn failure(code: i64) -> SendFailure {
    errors::failure(code, None)
}

fn body((message, code): (&Message, &OneTimeCode), to: &str, template: &str, language: &str) -> Bytes {
    // The code stands in both places: the text, and what the button copies.
    let code = json!([{"type": "text", "text": code.expose()}]);
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "template",
        "biz_opaque_callback_data": message.reference.as_str(),
        "template": {
            "name": template,
            "language": {"code": language},
            "components": [
                {"type": "body", "parameters": code},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
            ],
        },
    });
    super::http::wiped(body.to_string())
}

/// What an answer means. Its code decides, never its words, and its status only if there is no code.
fn read(answer: &Answer) -> Result<Sent, SendFailure> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(code) = body["error"]["code"].as_i64() {
        let error = &body["error"];
        let details = error["error_data"]["details"]
            .as_str()
            .or_else(|| error["message"].as_str());
        return Err(errors::failure(code, details).retry_after(answer.retry_after));
    }
    let message = &body["messages"][0];
    let Some(provider_id) = message["id"].as_str().and_then(id).filter(|_| answer.status == 200) else {
        return Err(SendFailure::of_status(answer.status, answer.retry_after));
    };
    match message["message_status"].as_str() {
        Some("paused") => Err(errors::failure(errors::PAUSED, None)),
        Some("held_for_quality_assessment") => {
            let words = "WhatsApp holds the message back until it has looked at the template";
            Ok(Sent {
                trouble: Some(SendFailure::new(Then::Unknown, About::Template, words)),
                provider_id: Some(provider_id),
            })
        }
        _ => Ok(Sent::new(Some(provider_id))),
    }
}
