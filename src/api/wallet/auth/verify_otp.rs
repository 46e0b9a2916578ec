//! `POST /api/v{1,2}/auth/verify-otp`: the code from an e-mail becomes a log-in.

use axum::extract::State;

use super::super::Caller;
use super::{FromDevice, finish, shape};
use crate::web::reference::Operation;
use crate::web::{Context, Failure, FormOrJson, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let (operation, request, example) = shape::takes_code("verifyEmail", include_str!("verify_otp.rs"));
    operation.form_or_json(request, example)
}

/// 200 with the tokens, and in `x-device-token` one for this device; one and the same 401 for whatever is wrong with code or token.
pub async fn verify_otp(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    FormOrJson(fields): FormOrJson,
) -> Result<FromDevice, Failure> {
    finish(&web, &context, &caller, fields, "email").await
}
