//! `POST /v1/users/{user_id}/verifications`: a code is sent to one of your users, to prove an address of theirs.
//!
//! The code goes to the e-mail or phone that `GET /v1/users/{user_id}` shows. Whoever reads it there types it into your
//! product, and you hand it to `POST …/verifications/check`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::envelope::{envelope, enveloped, replay};
use super::{caller, not_found, user_id, user_id_schema};
use crate::domain::{
    ChallengeId, Code, Destination, Email, Invalid, KeyScope, Language, Phone, Purpose, UserId, UserStatus,
};
use crate::store::{ChallengeScope, SavedAnswer, User};
use crate::web::codes::{Ask, ask};
use crate::web::reference::{Operation, Schema, Takes, always, example, optional, required};
use crate::web::{Call, Context, Failure, IdempotencyKey, JsonObject, Segment, ServerKey, Web, whole_seconds};

/// What the reference says of it.
pub fn doc() -> Operation {
    let channel = || Schema::one_of(&["email", "whatsapp", "sms"]);
    let request = Schema::object([
        required("channel", channel()),
        optional(
            "language",
            Schema::one_of(&["en", "el", "ar", "id"]).says("Of the message."),
        ),
    ]);
    let answer = Schema::object([
        always(
            "verification_id",
            Schema::id("chl").says("Goes back with the code, to `…/verifications/check`."),
        ),
        always("user_id", Schema::id("usr")),
        always("channel", channel()),
        always("expires_at", Schema::time()),
    ]);
    let ends_at = whole_seconds(example::time() + SignedDuration::from_mins(10));
    let example = envelope(
        &example::context(),
        &shown(example::CHALLENGE, example::USER, "email", &ends_at),
    )
    .example();
    Operation::new("createVerification", include_str!("verifications.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .repeatable()
        .path("user_id", user_id_schema())
        .body(request.named("NewVerification"), json!({ "channel": "email" }))
        .answers(
            201,
            "The message is durably on its way.",
            enveloped(answer.named("Verification")),
            example,
        )
        .refuses(&[Code::UserNotFound, Code::Conflict])
}

fn shown(challenge: ChallengeId, user: UserId, channel: &str, ends_at: &str) -> Value {
    json!({ "verification_id": challenge, "user_id": user, "channel": channel, "expires_at": ends_at })
}

/// 201 with the verification once its message is durably on its way. `channel` is `email`, `whatsapp` or `sms`;
/// `language`, a tag like `el`, is that of the message. 409 if the user has no such contact, has proven it already or
/// is suspended; 429 with `Retry-After` past the budget of the address.
pub async fn verifications(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    Segment(id): Segment,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let id = user_id(id)?;
    let channel = fields.parsed("channel", |text| match text.as_str() {
        "email" => Ok("email"),
        "whatsapp" => Ok("whatsapp"),
        "sms" => Ok("sms"),
        _ => Err(Invalid::new("channel must be email, whatsapp or sms.")),
    })?;
    let language = fields.optional("language", |text| {
        Language::from_tag(&text).ok_or_else(|| Invalid::new("language must be en, el, ar or id."))
    })?;
    let store = &web.instance.store;
    let user = store
        .user(&scope, id)
        .await?
        .ok_or_else(|| not_found(&id.to_string()))?;
    let to = destination(&user, channel)?;
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let challenge = ChallengeId(web.instance.ids.id());
    let settings = web.instance.settings.of(scope.environment());
    let life = settings.codes.life();
    let made = shown(challenge, user.id, channel, &whole_seconds(context.now + life));
    let saved = SavedAnswer {
        status: 201,
        body: Some(made.to_string()),
        resource: Some(user.id.0),
    };
    let asked_by = store.organization_name(&scope).await?;
    let asked = Ask {
        id: challenge,
        scope: ChallengeScope::from(&scope),
        kind: scope.kind(),
        asked_by: &asked_by,
        user: Some(user.id),
        session: None,
        purpose: Purpose::ConfirmContact,
        to,
        channel,
        language: language.unwrap_or_else(|| settings.login.language()),
        device: None,
        repeatable: repeatable.claim.clone().map(|claim| (claim, saved)),
    };
    match ask(&web, &context, asked).await? {
        Call::Done(()) => Ok((StatusCode::CREATED, envelope(&context, &made)).into_response()),
        Call::Replayed(saved) => {
            let replayed = replay(&context, &saved, |_| {})?;
            replayed.ok_or_else(|| not_found(&id.to_string()))
        }
    }
}

/// The address of a user that a channel reaches.
fn destination(user: &User, channel: &str) -> Result<Destination, Failure> {
    let conflict = |why: &str| Failure::new(Code::Conflict).saying(why.to_owned());
    if user.status == UserStatus::Suspended {
        return Err(conflict("The user is suspended. Let the user in again first."));
    }
    let (contact, what) = match channel {
        "email" => (&user.email, "e-mail"),
        _ => (&user.phone, "phone"),
    };
    let Some(contact) = contact else {
        return Err(conflict(&format!(
            "The user has no {what}. Set one with PUT /v1/users/{{user_id}} first."
        )));
    };
    if contact.verified {
        return Err(conflict(&format!(
            "The user has proven this {what} already. There is nothing to do."
        )));
    }
    if contact.is_partners {
        // Who reads a code there may be the partner, and would have proven to be the person.
        return Err(conflict(&format!(
            "This {what} is what a partner says of the user. Set it with PUT /v1/users/{{user_id}} first, if the person gave it to you."
        )));
    }
    let read = match channel {
        "email" => Email::parse(&contact.key).map(Destination::Email),
        _ => Phone::parse_e164(&contact.key).map(Destination::Phone),
    };
    read.map_err(|_| {
        conflict("The user's phone has no country code, so nothing can be sent there. Set it in the format of E.164.")
    })
}
