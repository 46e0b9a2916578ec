//! `POST /api/v{1,2}/auth/login-whatsapp`: a code is sent over WhatsApp.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;

use super::super::{Caller, answer};
use super::{begin, phone, shape};
use crate::web::reference::Operation;
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    shape::sends_to_phone("loginWithWhatsApp", include_str!("login_whatsapp.rs"))
}

/// The log-in that was begun.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Begun {
    /// Goes back with the code, as `verificationToken`; ten minutes.
    verify_token: String,
    /// Whether the number has a wallet: `false` until there are wallets.
    is_wallet_created: bool,
}

/// 200 once the message is durably on its way; 429 when too many were asked for. The body is the same for every
/// number.
pub async fn login_whatsapp(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let verify_token = begin(&web, &context, &caller, phone(fields)?, "whatsapp").await?;
    let begun = Begun {
        verify_token,
        is_wallet_created: false,
    };
    Ok(answer("OTP sent", &begun))
}
