//! `POST /api/v1/embedded_check_user`: whether the partner's user exists and has an active subscription.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::domain::{Code, PartnerUserId};
use crate::web::{Context, Failure, JsonObject, PartnerKey, Web};

/// The partner's view of its user.
#[derive(Serialize)]
pub struct CheckedUser {
    /// The e-mail that this partner gave last.
    user: String,
    /// Whether a subscription is active or in trial and its period has not ended.
    active_subscription: bool,
}

/// 200 with the user; 404 for any user that is not this partner's own.
pub async fn embedded_check_user(
    State(web): State<Web>,
    context: Context,
    PartnerKey(scope, _): PartnerKey,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<CheckedUser>, Failure> {
    let partner_user_id = fields.parsed("partner_user_id", PartnerUserId::parse)?;
    let found = web
        .instance
        .store
        .check_user(&scope, &partner_user_id, context.now)
        .await?;
    let found = found.ok_or_else(|| Failure::new(Code::UserNotFound))?;
    Ok(Json(CheckedUser {
        user: found.email,
        active_subscription: found.active_subscription,
    }))
}
