//! `PUT /v1/users/{user_id}`: change a user; what is absent stays.
//!
//! `metadata` is merged key by key, `null` removes a key. A new e-mail or phone is shown at once and is pending until
//! the person proves it; a verified old one logs the person in until then.

use axum::extract::State;
use serde_json::json;

use super::envelope::{Enveloped, envelope, enveloped};
use super::link::{metadata, metadata_schema, name_schema};
use super::{email, not_found, shape, user_id, user_id_schema};
use crate::domain::{Code, EventId, IdentityId, KeyScope, PersonName, Phone};
use crate::resource;
use crate::store::{UpdateOutcome, UpdateUser};
use crate::web::reference::{Operation, Schema, Takes, example, optional};
use crate::web::{Context, Failure, JsonObject, Segment, ServerKey, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        optional("name", name_schema()),
        optional("email", Schema::email()),
        optional("phone", Schema::e164()),
        optional("metadata", metadata_schema()),
    ]);
    let example = envelope(&example::context(), &shape::shown_example()).example();
    Operation::new("updateUser", include_str!("put.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .path("user_id", user_id_schema())
        .body(
            request.named("UserUpdate"),
            json!({ "name": "Ada Lovelace", "metadata": { "plan": "pro" } }),
        )
        .answers(200, "The user as it is now.", enveloped(shape::schema()), example)
        .refuses(&[Code::UserNotFound, Code::Conflict])
}

/// 200 with the user as `GET` shows it; 404 for any id that is not one of this environment; 409 for an e-mail with
/// which you brought another user.
pub async fn put(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    Segment(id): Segment,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Enveloped, Failure> {
    let id = user_id(id)?;
    let ids = &web.instance.ids;
    let call = UpdateUser {
        now: context.now,
        user: id,
        name: fields.optional("name", |text| PersonName::parse(&text))?,
        email: fields.optional("email", |text| email(&text))?,
        phone: fields.optional("phone", |text| Phone::parse_e164(&text))?,
        metadata: metadata(&mut fields)?,
        identities: std::array::from_fn(|_| IdentityId(ids.id())),
        event: EventId(ids.id()),
        event_data: resource::user,
    };
    match web.instance.store.update_user(&scope, call).await? {
        UpdateOutcome::Updated(user) => Ok(envelope(&context, &shape::user(&web, &scope, &user))),
        UpdateOutcome::NotFound => Err(not_found(&id.to_string())),
        UpdateOutcome::EmailTaken(other) => Err(Failure {
            field: Some("email".to_owned()),
            ..Failure::new(Code::Conflict).saying(format!(
                "You brought {other} with this e-mail. Change that user, or send another e-mail."
            ))
        }),
        UpdateOutcome::Metadata(wrong) => Err(Failure::field("metadata", wrong)),
    }
}
