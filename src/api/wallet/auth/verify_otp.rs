//! `POST /api/v{1,2}/auth/verify-otp`: the code from an e-mail becomes a log-in.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::super::{Caller, answer};
use super::finish;
use crate::web::{Context, Failure, FormOrJson, Web};

/// 200 with the tokens; one and the same 401 for whatever is wrong with code or token.
pub async fn verify_otp(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    FormOrJson(fields): FormOrJson,
) -> Result<Json<Value>, Failure> {
    let done = finish(&web, &context, &caller, fields, "email").await?;
    Ok(answer("OTP verified", &done))
}
