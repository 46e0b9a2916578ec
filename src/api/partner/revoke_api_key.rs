//! `DELETE /api/v1/api_keys/{user_key_id}`: revoke one API key of a user.
//!
//! The key and every token made from it end at once; the user's other keys go on.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use crate::domain::{Code, UserKeyId};
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, PartnerKey, Segment, Web};

/// The key that has ended.
#[derive(Serialize)]
pub struct RevokedKey {
    id: UserKeyId,
    revoked: bool,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let answer = Schema::object([always("id", Schema::id("uky")), always("revoked", Schema::just(true))]);
    let example = RevokedKey {
        id: example::USER_KEY,
        revoked: true,
    };
    Operation::new("revokeUserKey", include_str!("revoke_api_key.rs"))
        .takes(Takes::PartnerKey)
        .path(
            "user_key_id",
            Schema::text().lengths(1, 255).such_as(example::USER_KEY.to_string()),
        )
        .answers(200, "The key has ended.", answer.named("RevokedKey"), json!(example))
        .refuses(&[Code::KeyNotFound])
}

/// 200 once it has ended; 404 for any key that this partner does not hold, and when it was revoked before.
pub async fn revoke_api_key(
    State(web): State<Web>,
    context: Context,
    PartnerKey(scope, _): PartnerKey,
    Segment(key): Segment,
) -> Result<Json<RevokedKey>, Failure> {
    let not_found = || Failure::new(Code::KeyNotFound);
    let id: UserKeyId = key.and_then(|text| text.parse().ok()).ok_or_else(not_found)?;
    let admin = web.instance.admin_as(&format!("partner key {}", scope.key()));
    let store = &web.instance.store;
    let whose = store.revoke_partners_user_key(&scope, &admin, id, context.now).await?;
    whose.ok_or_else(not_found)?;
    Ok(Json(RevokedKey { id, revoked: true }))
}
