//! `GET /v1/users/me`: the user that a token stands for, as that token may see it.

use axum::extract::State;

use super::envelope::{Enveloped, envelope, enveloped};
use super::shape;
use crate::domain::Code;
use crate::resource::Shown;
use crate::web::reference::{Operation, Schema, Takes, example};
use crate::web::{Context, Failure, UserToken, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = envelope(&example::context(), &Shown::of(&example::user()).to_itself()).example();
    Operation::new("getMe", include_str!("me.rs"))
        .takes(Takes::UserToken)
        .answers(
            200,
            "The user.",
            enveloped(Schema::object(shape::fields()).named("Me")),
            example,
        )
}

/// 200 with the user. The token of a user key shows what its partner brought and nothing else: no name, no other
/// e-mail, and verified is what this partner's own e-mail and phone are. Never a `waffy_token`, and never the
/// metadata, which is the organization's.
pub async fn me(State(web): State<Web>, context: Context, token: UserToken) -> Result<Enveloped, Failure> {
    // The store decides what the scope may see.
    let user = web.instance.store.own_user(token.scope()).await?;
    let user = user.ok_or_else(|| Failure::new(Code::Unauthorized))?;
    Ok(envelope(&context, &Shown::of(&user).to_itself()))
}
