//! `GET /api/v1/users/{partner_user_id}/api_keys`: the API keys that you hold for a user.
//!
//! Never their texts. Those that were revoked are not listed. Of more than ten the oldest end: what a new one
//! is made for must not be locked out by keys that were lost.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use crate::domain::{Code, PartnerUserId, UserKeyId};
use crate::store::UserKeyRow;
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Failure, PartnerKey, Segment, Web, whole_seconds};

/// The keys, newest first.
#[derive(Serialize)]
pub struct UserKeys {
    api_keys: Vec<UserKey>,
}

/// A key, to know it by.
#[derive(Serialize)]
pub struct UserKey {
    id: UserKeyId,
    /// Its first and last characters.
    hint: String,
    created_at: String,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let key = Schema::object([
        always("id", Schema::id("uky")),
        always("hint", Schema::text().says("Its first and last characters.")),
        always("created_at", Schema::time()),
    ]);
    let answer = Schema::object([always("api_keys", Schema::list(key.named("UserKey")))]);
    let example = UserKeys {
        api_keys: vec![UserKey {
            id: example::USER_KEY,
            hint: example::user_key().hint(),
            created_at: whole_seconds(example::time()),
        }],
    };
    Operation::new("listUserKeys", include_str!("api_keys.rs"))
        .takes(Takes::PartnerKey)
        .path("partner_user_id", Schema::text().lengths(1, 255).such_as("abc123"))
        .answers(200, "The keys, newest first.", answer.named("UserKeys"), json!(example))
        .refuses(&[Code::UserNotFound])
}

/// 200 with the keys, newest first; 404 for any user that is not this partner's own.
pub async fn api_keys(
    State(web): State<Web>,
    PartnerKey(scope, _): PartnerKey,
    Segment(partner_user_id): Segment,
) -> Result<Json<UserKeys>, Failure> {
    let not_found = || Failure::new(Code::UserNotFound);
    let name = partner_user_id.and_then(|text| PartnerUserId::parse(text).ok());
    let name = name.ok_or_else(not_found)?;
    let keys = web.instance.store.partners_user_keys(&scope, &name).await?;
    let api_keys = keys.ok_or_else(not_found)?.into_iter().map(UserKey::from).collect();
    Ok(Json(UserKeys { api_keys }))
}

impl From<UserKeyRow> for UserKey {
    fn from(row: UserKeyRow) -> Self {
        Self {
            id: row.id,
            hint: row.hint,
            created_at: whole_seconds(row.created_at),
        }
    }
}
