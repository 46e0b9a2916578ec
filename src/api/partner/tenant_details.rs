//! `GET /api/v1/tenant_details`: the user that a token stands for, and its plan.

use axum::Json;
use serde::Serialize;

use crate::domain::WrappUserId;
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
