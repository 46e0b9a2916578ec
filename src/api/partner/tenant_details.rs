//! `GET /api/v1/tenant_details`: the user that a token stands for, and its plan.

use axum::Json;
use serde::Serialize;
use serde_json::json;

use crate::domain::WrappUserId;
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{UserKeyToken, whole_seconds};

/// The user as the partner of its key knows it.
#[derive(Serialize)]
pub struct TenantDetails {
    /// The partner's pairwise id.
    wrapp_user_id: WrappUserId,
    /// The partner's own id.
    partner_user_id: String,
    /// The e-mail that the partner gave.
    email: String,
    /// Whether a plan is active or in trial.
    has_plan: bool,
    /// Its name, or `null`.
    plan_name: Option<String>,
    /// When the next payment is due, UTC, or `null`.
    next_payment_date: Option<String>,
    /// Its amount with the currency, or `null`.
    next_payment_amount: Option<String>,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let answer = Schema::object([
        always(
            "wrapp_user_id",
            Schema::id("wrp").says("The partner's pairwise id of the user."),
        ),
        always(
            "partner_user_id",
            Schema::text().lengths(1, 255).says("The partner's own id."),
        ),
        always("email", Schema::email().says("The e-mail that the partner gave.")),
        always(
            "has_plan",
            Schema::boolean().says("Whether a plan is active or in trial."),
        ),
        always("plan_name", Schema::text().or_null()),
        always("next_payment_date", Schema::time().or_null()),
        always(
            "next_payment_amount",
            Schema::text().or_null().says("With the currency."),
        ),
    ]);
    let example = TenantDetails {
        wrapp_user_id: example::WRAPP_USER,
        partner_user_id: "abc123".to_owned(),
        email: "ada@example.com".to_owned(),
        has_plan: true,
        plan_name: Some("Pro".to_owned()),
        next_payment_date: Some(whole_seconds(example::time())),
        next_payment_amount: Some("12.00 EUR".to_owned()),
    };
    Operation::new("tenantDetails", include_str!("tenant_details.rs"))
        .takes(Takes::UserToken)
        .answers(200, "The user.", answer.named("TenantDetails"), json!(example))
}

/// 200 with the user.
pub async fn tenant_details(UserKeyToken(holder): UserKeyToken) -> Json<TenantDetails> {
    let plan = holder.plan.filter(|plan| plan.active);
    Json(TenantDetails {
        wrapp_user_id: holder.wrapp_user,
        partner_user_id: holder.partner_user_id,
        email: holder.email,
        has_plan: plan.is_some(),
        plan_name: plan.as_ref().map(|plan| plan.name.clone()),
        next_payment_date: plan.as_ref().map(|plan| whole_seconds(plan.period_end)),
        next_payment_amount: plan.and_then(|plan| plan.next_payment_amount),
    })
}
