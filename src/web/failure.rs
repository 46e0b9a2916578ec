//! Errors on their way out: what happened, then the wire shape of the surface they happen on.

use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::context::{Context, Surface};
use crate::chains::ChainFailure;
use crate::domain::{Code, Invalid};
use crate::store::StoreError;

/// The longest text that an answer repeats, in bytes.
const LONGEST_REPEATED: usize = 256;

/// A request that is refused or failed. Turned into the surface's shape by [`answer_in_shape`].
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which error of the table.
    pub code: Code,
    /// The field that is wrong.
    pub field: Option<String>,
    /// What it held, if that may be repeated.
    pub value: Option<Box<Value>>,
    /// More exact words than the table's.
    pub message: Option<String>,
    /// Where the person has to go first: stands in the message and, on the wallet surface, in `data.message`.
    pub link: Option<Box<str>>,
    /// Seconds to wait.
    pub retry_after: Option<u32>,
    /// What the users and the wallet surface say of it beside the field, by name.
    pub details: Option<Box<Map<String, Value>>>,
    /// For the log only.
    pub cause: Option<String>,
}

impl Failure {
    /// An error of the table, in the table's words.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            field: None,
            value: None,
            message: None,
            link: None,
            retry_after: None,
            details: None,
            cause: None,
        }
    }

    /// A field that breaks a rule.
    #[must_use]
    pub fn field(name: &str, wrong: Invalid) -> Self {
        Self {
            field: Some(name.to_owned()),
            ..Self::new(Code::Validation).saying(wrong.message)
        }
    }

    /// The same, repeating what the field held: never for a secret. Long values are left out.
    #[must_use]
    pub fn holding(self, value: Value) -> Self {
        let short = match &value {
            Value::String(text) => text.len() <= LONGEST_REPEATED,
            Value::Array(_) | Value::Object(_) => false,
            _ => true,
        };
        Self {
            value: short.then(|| Box::new(value)),
            ..self
        }
    }

    /// The same with more exact words.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..self
        }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn detailed(mut self, name: &str, value: impl Into<Value>) -> Self {
        let details = self.details.get_or_insert_default();
        details.insert(name.to_owned(), value.into());
        self
    }

    /// A fault of ours; the cause goes to the log alone.
    #[must_use]
    pub fn internal(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(Code::Internal)
        }
    }

    /// The same for somebody who has to go somewhere first.
    #[must_use]
    pub fn going_to(self, link: String) -> Self {
        Self {
            message: Some(link.clone()),
            link: Some(link.into_boxed_str()),
            ..self
        }
    }

    fn text(&self) -> &str {
        self.message.as_deref().unwrap_or(self.code.title())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self {
                cause: Some(cause),
                retry_after: Some(1),
                ..Self::new(Code::Unavailable)
            },
            StoreError::Fault(cause) | StoreError::Setting(cause) => Self::internal(cause),
        }
    }
}

impl From<ChainFailure> for Failure {
    fn from(failure: ChainFailure) -> Self {
        match failure {
            ChainFailure::Down(why) => Self {
                cause: Some(why),
                retry_after: Some(5),
                ..Self::new(Code::ChainUnavailable)
            },
            ChainFailure::Refused(reason) => {
                Self::new(Code::ChainRefused).saying(format!("The network refuses this: {reason}."))
            }
            ChainFailure::Lied(what) => {
                let why = format!("The network's nodes answer what cannot be: {what}.");
                Self {
                    cause: Some(what),
                    ..Self::new(Code::ChainNonsense).saying(why)
                }
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a failure the shape of its surface; other answers pass unchanged. `page` renders it for people.
pub fn answer_in_shape(response: Response, context: &Context, page: impl FnOnce(&Failure, u16) -> String) -> Response {
    if response.extensions().get::<Failure>().is_none() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let Some(failure) = parts.extensions.remove::<Failure>() else {
        return Response::from_parts(parts, axum::body::Body::empty());
    };
    if let Some(cause) = &failure.cause {
        tracing::error!(request_id = %context.id, code = failure.code.slug(), cause, "request failed");
    }
    let status = status_in_shape(context.surface, failure.code);
    parts.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (kind, text) = match context.surface {
        Surface::Pages => ("text/html; charset=utf-8", page(&failure, status)),
        _ => ("application/json", body_in_shape(&failure, context).to_string()),
    };
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The router has already counted the empty body that a failure comes with.
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    if let Some(seconds) = failure.retry_after {
        parts.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Response::from_parts(parts, axum::body::Body::from(text))
}

/// The status of a code on a surface: the partner surface speaks of a bad field as 422.
pub(super) fn status_in_shape(surface: Surface, code: Code) -> u16 {
    match (surface, code) {
        (Surface::Partner, Code::Validation) => 422,
        _ => code.status(),
    }
}

/// The JSON of a failure in the shape of a surface.
pub(super) fn body_in_shape(failure: &Failure, context: &Context) -> Value {
    let status = status_in_shape(context.surface, failure.code);
    match context.surface {
        Surface::Users | Surface::Issuers => users(failure, context),
        Surface::Wallet => wallet(failure, status),
        Surface::Partner | Surface::Pages => partner(failure, status),
    }
}

fn partner(failure: &Failure, status: u16) -> Value {
    let mut error = Map::new();
    error.insert("status".to_owned(), status.to_string().into());
    error.insert("title".to_owned(), failure.text().into());
    error.insert("code".to_owned(), failure.code.slug().into());
    if let Some(field) = &failure.field {
        error.insert("field".to_owned(), field.as_str().into());
    }
    error.insert("detail".to_owned(), failure.code.help().into());
    json!({ "errors": [error], "message": failure.text() })
}

fn users(failure: &Failure, context: &Context) -> Value {
    let mut error = Map::new();
    error.insert("code".to_owned(), failure.code.slug().into());
    error.insert("message".to_owned(), failure.text().into());
    let mut details = failure.details.as_deref().cloned().unwrap_or_default();
    if let Some(field) = &failure.field {
        details.insert("field".to_owned(), field.as_str().into());
        if let Some(value) = &failure.value {
            details.insert("value".to_owned(), (**value).clone());
        }
    }
    if !details.is_empty() {
        error.insert("details".to_owned(), details.into());
    }
    json!({ "success": false, "error": error, "meta": context.meta() })
}

fn wallet(failure: &Failure, status: u16) -> Value {
    let link = failure.link.as_ref().map(|link| json!({ "message": link }));
    let data = link.or_else(|| failure.details.as_deref().cloned().map(Value::Object));
    json!({ "status": status, "message": failure.text(), "data": data })
}
