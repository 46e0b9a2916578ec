//! `POST /v1/users/link`: create a user or link to the one you brought before.
//!
//! Known is whom *your own back end* brought with this e-mail (or, if you say `phone_proven: true`, with this phone).
//! Users of partners and of people's own sign-ups are never matched: if the e-mail or phone is verified by somebody
//! else, you still get a user of your own, with `verification_required: true`, and the person's proof can join the
//! two. For a known user the name is replaced, `metadata` is merged key by key (`null` removes a key), another e-mail
//! or phone is pending until the person proves it; what is verified stays. `external_id`, if you send one, is your
//! own id of the user.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::envelope::{envelope, enveloped, replay};
use super::{caller, email, shape};
use crate::domain::{
    Code, Email, EventId, IdentityId, Invalid, KeyScope, MetadataChange, PartnerUserId, PersonName, Phone, UserId,
};
use crate::resource;
use crate::store::{LinkOutcome, LinkUser, Linked};
use crate::web::reference::{Operation, Schema, Takes, always, example, optional, required};
use crate::web::{
    Call, Context, Failure, Fields, IdempotencyKey, JsonObject, ServerKey, Web, once, required_proofs, whole_seconds,
};

/// What the back end sends. Unknown fields are ignored.
struct Request {
    email: Email,
    phone: Phone,
    name: PersonName,
    metadata: MetadataChange,
    external_id: Option<PartnerUserId>,
    phone_proven: bool,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required("email", Schema::email()),
        required("phone", Schema::e164()),
        required("name", name_schema()),
        optional("metadata", metadata_schema()),
        optional(
            "external_id",
            Schema::text().lengths(1, 255).says("Your own id of the user."),
        ),
        optional(
            "phone_proven",
            Schema::boolean().says("You know that the phone is the person's: it may name the user, too."),
        ),
    ]);
    let schema = Schema::object([
        always("user_id", Schema::id("usr")),
        always("waffy_token", shape::waffy_token_schema()),
        always("status", shape::status_schema()),
        always(
            "verification_required",
            Schema::boolean().says("Whether the person has a proof to give."),
        ),
        always("created_at", Schema::time()),
        always("metadata", Schema::map()),
    ]);
    let linked = Linked {
        user: example::user(),
        created: true,
        verification_required: true,
    };
    let example = envelope(&example::context(), &answer(&linked, &example::WAFFY_TOKEN.into())).example();
    Operation::new("linkUser", include_str!("link.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .repeatable()
        .body(
            request.named("LinkUser"),
            json!({
                "email": "ada@example.com", "phone": "+1234567890", "name": "Ada Lovelace",
                "metadata": { "plan": "pro" },
            }),
        )
        .answers(
            200,
            "The user, new or known.",
            enveloped(schema.named("LinkedUser")),
            example,
        )
        .refuses(&[Code::UserNotFound])
}

/// A person's name.
pub(super) fn name_schema() -> Schema {
    let one_line =
        "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\u0000-\\u001f\\u007f-\\u009f\\s][^\\u0000-\\u001f\\u007f-\\u009f]*$";
    Schema::text()
        .lengths(1, 200)
        .pattern(one_line)
        .says("The full name, on one line.")
}

/// What to change of a user's metadata.
pub(super) fn metadata_schema() -> Schema {
    Schema::map().says("Merged key by key; `null` removes a key. At most 50 keys and 16 KiB remain.")
}

/// 200 with the user's id and `waffy_token`, also when it is new; 409 for a suspended user and for an `external_id`
/// that is another user's.
pub async fn link(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    key: IdempotencyKey,
    JsonObject { fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let request = Request::read(fields)?;
    let ids = &web.instance.ids;
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let call = LinkUser {
        now: context.now,
        email: request.email,
        phone: request.phone,
        name: request.name,
        metadata: request.metadata,
        external_id: request.external_id,
        phone_proven: request.phone_proven,
        demanded: required_proofs(&web, scope.environment()),
        user: UserId(ids.id()),
        identities: std::array::from_fn(|_| IdentityId(ids.id())),
        event: EventId(ids.id()),
        event_data: resource::user,
        saved_answer: |linked| answer(linked, &Value::Null).to_string(),
        idempotency: repeatable.claim.clone(),
    };
    let token_of = |user| shape::waffy_token(&web, &scope, user);
    match once(web.instance.store.link_user(&scope, call).await?)? {
        Call::Done(LinkOutcome::Linked(linked)) => {
            let data = answer(&linked, &token_of(linked.user.id));
            Ok(envelope(&context, &data).into_response())
        }
        Call::Done(LinkOutcome::Suspended(user)) => Err(Failure::new(Code::Conflict).saying(format!(
            "User with ID {user} is suspended. Let it in again (`aboard users resume {user} --environment {}`), then link it.",
            scope.kind().as_str()
        ))),
        Call::Done(LinkOutcome::ExternalIdTaken(user)) => Err(Failure {
            field: Some("external_id".to_owned()),
            ..Failure::new(Code::Conflict).saying(format!(
                "This external_id is that of {user}, whom you brought with another e-mail. Change that user, or send another external_id."
            ))
        }),
        Call::Done(LinkOutcome::Metadata(wrong)) => Err(Failure::field("metadata", wrong)),
        Call::Replayed(saved) => {
            let user = saved.resource.map(UserId);
            let replayed = replay(&context, &saved, |data| {
                // In its place: the order of the fields stays.
                data.insert("waffy_token".to_owned(), user.map_or(Value::Null, token_of));
            })?;
            let erased = || Failure::new(Code::UserNotFound).saying("The user that this call linked was deleted since.");
            replayed.ok_or_else(erased)
        }
    }
}

fn answer(linked: &Linked, waffy_token: &Value) -> Value {
    let user = &linked.user;
    json!({
        "user_id": user.id,
        "waffy_token": waffy_token,
        "status": user.status,
        "verification_required": linked.verification_required,
        "created_at": whole_seconds(user.created_at),
        "metadata": user.metadata.to_value(),
    })
}

impl Request {
    fn read(mut fields: Fields) -> Result<Self, Failure> {
        Ok(Self {
            email: fields.parsed("email", |text| email(&text))?,
            phone: fields.parsed("phone", |text| Phone::parse_e164(&text))?,
            name: fields.parsed("name", |text| PersonName::parse(&text))?,
            metadata: metadata(&mut fields)?.unwrap_or_default(),
            external_id: fields.optional("external_id", |text| {
                PartnerUserId::parse(text)
                    .map_err(|_| Invalid::new("Send your own id of the user, 1 to 255 characters, or leave it out."))
            })?,
            phone_proven: fields.optional_bool("phone_proven")?.unwrap_or_default(),
        })
    }
}

/// The change of metadata that a body asks for, if it does.
pub(super) fn metadata(fields: &mut Fields) -> Result<Option<MetadataChange>, Failure> {
    let Some(value) = fields.optional_value("metadata") else {
        return Ok(None);
    };
    let kept = value.clone();
    let parsed = MetadataChange::parse(value).map_err(|wrong| Failure::field("metadata", wrong).holding(kept));
    parsed.map(Some)
}
