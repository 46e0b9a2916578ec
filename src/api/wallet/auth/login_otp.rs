//! `POST /api/v{1,2}/auth/login-otp`: a code is sent by e-mail.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::{Caller, answer, answered};
use super::begin;
use crate::domain::{Destination, Email, Invalid};
use crate::web::reference::{Operation, Schema, Takes, always, example, required};
use crate::web::{Context, Failure, FormOrJson, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([required("email", Schema::email())]).named("EmailAddress");
    let token = Schema::jwt().says("Goes back with the code; ten minutes.");
    let begun = Schema::object([always("verificationToken", token)]).named("MailSent");
    let shown = Begun {
        verification_token: example::JWT.to_owned(),
    };
    let Json(shown) = answer("OTP sent", &shown);
    Operation::new("loginWithEmail", include_str!("login_otp.rs"))
        .takes(Takes::App)
        .form_or_json(request, json!({ "email": "ada@example.com" }))
        .answers(200, "The message is durably on its way.", answered(begun), shown)
}

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
