//! `GET /v1/users/me`: the user that a token stands for, as that token may see it.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value};

use super::envelope::{envelope, enveloped};
use super::shape;
use crate::domain::Code;
use crate::resource;
use crate::store::User;
use crate::web::reference::{Operation, Schema, Takes, example};
use crate::web::{Context, Failure, UserToken, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let Json(example) = envelope(&example::context(), &shown(&example::user()));
    Operation::new("getMe", include_str!("me.rs"))
        .takes(Takes::UserToken)
        .answers(
            200,
            "The user.",
            enveloped(Schema::object(shape::fields()).named("Me")),
            example,
        )
}

fn shown(user: &User) -> Map<String, Value> {
    let mut shown = resource::user(user);
    shown.shift_remove("metadata");
    shown.shift_remove("external_id");
    shown
}

/// 200 with the user. The token of a user key shows what its partner brought and nothing else: no name, no other
/// e-mail, and verified is what this partner's own e-mail and phone are. Never a `waffy_token`, and never the
/// metadata, which is the organization's.
pub async fn me(State(web): State<Web>, context: Context, token: UserToken) -> Result<Json<Value>, Failure> {
    // The store decides what the scope may see.
    let user = web.instance.store.own_user(token.scope()).await?;
    let user = user.ok_or_else(|| Failure::new(Code::Unauthorized))?;
    Ok(envelope(&context, &shown(&user)))
}
