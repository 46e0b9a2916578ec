//! `POST /api/v{1,2}/auth/login-otp`: a code is sent by e-mail.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;

use super::super::{Caller, answer};
use super::begin;
use crate::domain::{Destination, Email, Invalid};
use crate::web::{Context, Failure, FormOrJson, Web};

/// The log-in that was begun.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Begun {
    /// Goes back with the code; ten minutes.
    verification_token: String,
}

/// 200 once the message is durably on its way; 429 when too many were asked for. Takes JSON and, because the
/// published SDK sends one, a form.
pub async fn login_otp(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    FormOrJson(mut fields): FormOrJson,
) -> Result<Json<Value>, Failure> {
    let email = fields.parsed("email", |text| {
        Email::parse(&text).map_err(|_| Invalid::new("Invalid email format"))
    })?;
    let verification_token = begin(&web, &context, &caller, Destination::Email(email), "email").await?;
    Ok(answer("OTP sent", &Begun { verification_token }))
}
