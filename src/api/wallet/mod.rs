//! The wallet surface: `/api/v1/…` and `/api/v2/…`, answers as `{"status":200,"message":…,"data":…}`.

pub mod account;
pub mod auth;
mod bearer;
pub mod organization;
pub mod secret;
pub(crate) mod session;
#[expect(clippy::module_inception, reason = "the directory is named as the URL is")]
pub mod wallet;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{Code, Language};
use crate::web::reference::{Schema, always};
use crate::web::{AppCredential, Failure, Web, device};

/// Wraps what a call answers.
fn answer(message: &str, data: &impl Serialize) -> Json<Value> {
    Json(json!({ "status": 200, "message": message, "data": data }))
}

/// The schema of an answer that holds this.
fn answered(data: Schema) -> Schema {
    Schema::object([
        always("status", Schema::just(200)),
        always("message", Schema::text().says("For people; it may change.")),
        always("data", data),
    ])
}

/// The app that calls, the version of the surface that it calls, and the language that it asks for.
pub struct Caller {
    /// The app.
    pub app: AppCredential,
    /// 1 or 2, as the path says.
    pub version: u8,
    /// The language of messages.
    pub language: Language,
    /// The token of the device that calls, if it has one.
    pub device: Option<String>,
}

impl FromRequestParts<Web> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let app = AppCredential::from_request_parts(parts, web).await?;
        let version = if parts.uri.path().starts_with("/api/v1/") { 1 } else { 2 };
        if version == 1 && !app.serves_v1 {
            let off = "Version 1 is switched off for this app in production. Call /api/v2, or switch it on with `aboard apps set --v1 on`.";
            return Err(Failure::new(Code::Forbidden).saying(off));
        }
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let usual = || web.instance.settings.of(app.scope.environment()).login.language();
        let language = accepted.and_then(Language::accepted).unwrap_or_else(usual);
        Ok(Self {
            app,
            version,
            language,
            device: device::brought(&parts.headers),
        })
    }
}
