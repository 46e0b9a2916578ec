//! `POST /api/v1/users/{partner_user_id}/api_key`: another API key for the partner's user.
//!
//! For a partner whose webhook was given up, or that sent none. The key is in this answer alone.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use super::caller;
use crate::domain::{Code, KeyKind, NewKey, PartnerUserId, UserKeyId, WrappUserId};
use crate::store::NewUserKey;
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Call, Context, Failure, IdempotencyKey, PartnerKey, RawBody, Segment, Web, once, secret_was_shown};

/// The same three keys as the webhook on creation.
#[derive(Serialize)]
pub struct IssuedKey {
    /// The partner's pairwise id of the user.
    wrapp_user_id: WrappUserId,
    /// The partner's own id.
    partner_user_id: String,
    /// The key, shown once.
    api_key: String,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let answer = Schema::object([
        always("wrapp_user_id", Schema::id("wrp").says("Your pairwise id of the user.")),
        always(
            "partner_user_id",
            Schema::text().lengths(1, 255).says("Your own id of the user."),
        ),
        always(
            "api_key",
            Schema::text()
                .pattern(NewKey::PATTERN)
                .says("Shown in this answer alone."),
        ),
    ]);
    let example = IssuedKey {
        wrapp_user_id: example::WRAPP_USER,
        partner_user_id: "abc123".to_owned(),
        api_key: example::user_key().expose().to_owned(),
    };
    Operation::new("createUserKey", include_str!("api_key.rs"))
        .takes(Takes::PartnerKey)
        .repeatable()
        .path("partner_user_id", Schema::text().lengths(1, 255).such_as("abc123"))
        .answers(200, "The key.", answer.named("IssuedKey"), json!(example))
        .refuses(&[Code::UserNotFound])
}

/// 200 with the key; 404 for any user that is not this partner's own.
pub async fn api_key(
    State(web): State<Web>,
    context: Context,
    PartnerKey(scope, _): PartnerKey,
    Segment(partner_user_id): Segment,
    key: IdempotencyKey,
    RawBody(raw): RawBody,
) -> Result<Json<IssuedKey>, Failure> {
    let not_found = || Failure::new(Code::UserNotFound);
    let partner_user_id = partner_user_id.ok_or_else(not_found)?;
    let name = PartnerUserId::parse(partner_user_id.clone()).map_err(|_| not_found())?;
    let ids = &web.instance.ids;
    let id = UserKeyId(ids.id());
    let text = NewKey::new(KeyKind::User, scope.kind(), id.0, ids.secret());
    let new = NewUserKey {
        id,
        hash: text.key.hash,
        hint: text.hint(),
    };
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let issued = web
        .instance
        .store
        .issue_user_key(&scope, name, new, repeatable.claim.clone(), context.now)
        .await?;
    let issued = match once(issued)? {
        Call::Done(issued) => issued.ok_or_else(not_found)?,
        Call::Replayed(saved) => {
            let made = saved.resource.map(|id| UserKeyId(id).to_string());
            return Err(secret_was_shown(&made.unwrap_or_default()));
        }
    };
    Ok(Json(IssuedKey {
        wrapp_user_id: issued.wrapp_user,
        partner_user_id,
        api_key: text.expose().to_owned(),
    }))
}
