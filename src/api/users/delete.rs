//! `DELETE /v1/users/{user_id}`: erase a user.
//!
//! Every session, link, key and token of the user ends at once; e-mails, phones, ids, name, metadata and plan are
//! gone with the answer. What remains is the id, so that it is never anybody else's.

use axum::extract::State;
use serde_json::{Value, json};

use super::envelope::{Enveloped, envelope, enveloped};
use super::{not_found, user_id, user_id_schema};
use crate::domain::{Code, EventId, KeyScope, UserId};
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let answer = Schema::object([
        always("user_id", Schema::id("usr")),
        always("deleted", Schema::just(true)),
    ]);
    let example = envelope(&example::context(), &answer_of(example::USER)).example();
    Operation::new("deleteUser", include_str!("delete.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .path("user_id", user_id_schema())
        .answers(
            200,
            "The user is erased.",
            enveloped(answer.named("DeletedUser")),
            example,
        )
        .refuses(&[Code::UserNotFound])
}

fn answer_of(user: UserId) -> Value {
    json!({ "user_id": user, "deleted": true })
}

/// 200 `{"user_id":"usr_…","deleted":true}`; 404 for any id that is not one of this environment, and when it was
/// deleted before.
pub async fn delete(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    Segment(id): Segment,
) -> Result<Enveloped, Failure> {
    let id = user_id(id)?;
    let event = EventId(web.instance.ids.id());
    let admin = web.instance.admin_as(&format!("server key {}", scope.key()));
    let store = &web.instance.store;
    let erased = store.erase_user(&scope, &admin, id, event, context.now).await?;
    let erased = erased.ok_or_else(|| not_found(&id.to_string()))?;
    Ok(envelope(&context, &answer_of(erased)))
}
