//! `POST /api/v1/embedded_check_user`: whether the partner's user exists and has an active subscription.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use crate::domain::{Code, PartnerUserId};
use crate::web::reference::{Operation, Schema, Takes, always, required};
use crate::web::{Context, Failure, JsonObject, PartnerKey, Web};

/// The partner's view of its user.
#[derive(Serialize)]
pub struct CheckedUser {
    /// The e-mail that this partner gave last.
    user: String,
    /// Whether a subscription is active or in trial and its period has not ended.
    active_subscription: bool,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([required("partner_user_id", Schema::text().lengths(1, 255))]);
    let answer = Schema::object([
        always("user", Schema::email().says("The e-mail that you gave last.")),
        always(
            "active_subscription",
            Schema::boolean().says("Active or in trial, and its period has not ended."),
        ),
    ]);
    let example = CheckedUser {
        user: "ada@example.com".to_owned(),
        active_subscription: false,
    };
    Operation::new("embeddedCheckUser", include_str!("embedded_check_user.rs"))
        .takes(Takes::PartnerKey)
        .body(request.named("CheckUser"), json!({ "partner_user_id": "abc123" }))
        .answers(200, "Your user.", answer.named("CheckedUser"), json!(example))
        .refuses(&[Code::UserNotFound])
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
