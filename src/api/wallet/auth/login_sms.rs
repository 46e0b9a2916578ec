//! `POST /api/v{1,2}/auth/login-sms`: a code is sent over an SMS.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::super::Caller;
use super::{begin_by_phone, shape};
use crate::web::reference::Operation;
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    shape::sends_to_phone("loginWithSms", include_str!("login_sms.rs"))
}

/// 200 once the message is durably on its way; 429 when too many were asked for. The body is the same for every number but
/// for `isWalletCreated`, and that too where `wallets.tell_whether_created` is off.
pub async fn login_sms(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    begin_by_phone(&web, &context, &caller, fields, "sms").await
}
