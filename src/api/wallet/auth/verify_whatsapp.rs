//! `POST /api/v{1,2}/auth/verify-whatsapp`: the code from WhatsApp becomes a log-in.

use axum::extract::State;

use super::super::Caller;
use super::{FromDevice, finish, shape};
use crate::web::reference::Operation;
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let (operation, request, example) = shape::takes_code("verifyWhatsApp", include_str!("verify_whatsapp.rs"));
    operation.body(request, example)
}

/// 200 with the tokens, and in `x-device-token` one for this device; one and the same 401 for whatever is wrong with code or token.
pub async fn verify_whatsapp(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { fields, .. }: JsonObject,
) -> Result<FromDevice, Failure> {
    finish(&web, &context, &caller, fields, "whatsapp").await
}
