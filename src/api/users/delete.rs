//! `DELETE /v1/users/{user_id}`: erase a user.
//!
//! Every session, link, key and token of the user ends at once; e-mails, phones, ids, name, metadata and plan are
//! gone with the answer. What remains is the id, so that it is never anybody else's.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::envelope::envelope;
use super::{not_found, user_id};
use crate::domain::EventId;
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// 200 `{"user_id":"usr_…","deleted":true}`; 404 for any id that is not one of this environment, and when it was
/// deleted before.
pub async fn delete(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    Segment(id): Segment,
) -> Result<Json<Value>, Failure> {
    let id = user_id(id)?;
    let event = EventId(web.instance.ids.id());
    let admin = web.instance.admin_as(&format!("server key {}", scope.key()));
    let store = &web.instance.store;
    let erased = store.erase_user(&scope, &admin, id, event, context.now).await?;
    let erased = erased.ok_or_else(|| not_found(&id.to_string()))?;
    Ok(envelope(&context, &json!({ "user_id": erased, "deleted": true })))
}
