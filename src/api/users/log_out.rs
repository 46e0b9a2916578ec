//! `DELETE /v1/users/{user_id}/tokens`: log a user out everywhere.
//!
//! Every session and every token of the user that was made until now ends at once, whatever made it: log-ins to your
//! apps, `POST …/tokens`, user keys' tokens, refresh tokens. The keys that partners hold stay, and so do the user's
//! ways to log in again.

use axum::extract::State;
use serde_json::{Value, json};

use super::envelope::{Enveloped, envelope, enveloped};
use super::{not_found, user_id, user_id_schema};
use crate::domain::{Code, KeyScope, UserId};
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let answer = Schema::object([
        always("user_id", Schema::id("usr")),
        always("logged_out", Schema::just(true)),
    ]);
    let example = envelope(&example::context(), &answer_of(example::USER)).example();
    Operation::new("logUserOut", include_str!("log_out.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::UsersToken)))
        .path("user_id", user_id_schema())
        .answers(
            200,
            "Nothing that was signed in before stands any more.",
            enveloped(answer.named("LoggedOutUser")),
            example,
        )
        .refuses(&[Code::UserNotFound])
}

fn answer_of(user: UserId) -> Value {
    json!({ "user_id": user, "logged_out": true })
}

/// 200 `{"user_id":"usr_…","logged_out":true}`, again and again; 404 for any id that is not one of this environment.
/// Needs the scope `users:token`.
pub async fn log_out(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::UsersToken as u8 }>,
    Segment(id): Segment,
) -> Result<Enveloped, Failure> {
    let id = user_id(id)?;
    if !web.instance.store.end_tokens_of(&scope, id, context.now).await? {
        return Err(not_found(&id.to_string()));
    }
    Ok(envelope(&context, &answer_of(id)))
}
