//! `GET /v1/users/{user_id}`: a user of this environment, whoever brought it.
//!
//! A new e-mail or phone is shown as soon as it is set, with `email_verified` or `phone_verified` false until the
//! person has proven it. An id that was retired when two users were joined shows the user that they became.

use axum::extract::State;

use super::envelope::{Enveloped, envelope, enveloped};
use super::{not_found, shape, user_id, user_id_schema};
use crate::domain::{Code, KeyScope};
use crate::web::reference::{Operation, Takes, example};
use crate::web::{Context, Failure, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = envelope(&example::context(), &shape::shown_example()).example();
    Operation::new("getUser", include_str!("get.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .path("user_id", user_id_schema())
        .answers(200, "The user.", enveloped(shape::schema()), example)
        .refuses(&[Code::UserNotFound])
}

/// 200 with the user; 404 for any id that is not one of this environment.
pub async fn get(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    Segment(id): Segment,
) -> Result<Enveloped, Failure> {
    let id = user_id(id)?;
    let user = web.instance.store.user(&scope, id).await?;
    let user = user.ok_or_else(|| not_found(&id.to_string()))?;
    Ok(envelope(&context, &shape::user(&web, &scope, &user)))
}
