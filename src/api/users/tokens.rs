//! `POST /v1/users/{id}/tokens`: a short-lived token that stands for one of your users.
//!
//! For a client that acts for a user whom your back end has logged in itself. The token says `amr` = `org`: you
//! vouched for the user, the person proved nothing here. It reaches what your back end brought (profile, plan), and
//! nothing that asks for the person's own proof. A log-out everywhere and a suspension end it at once.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Value, json};

use super::envelope::{envelope, enveloped};
use super::{caller, not_found, user_id, user_id_schema};
use crate::domain::{Code, Invalid, KeyScope, UserId};
use crate::store::TokenSubject;
use crate::tokens::OrganizationClaims;
use crate::web::reference::{Operation, Schema, Takes, always, example, optional};
use crate::web::{
    Call, Context, Failure, Fields, IdempotencyKey, OptionalJson, Segment, ServerKey, Web, mark_replayed, once,
    whole_seconds,
};

const USUAL_LIFE: i64 = 15 * 60;
const SHORTEST_LIFE: i64 = 60;
const LONGEST_LIFE: i64 = 3_600;

/// The token; it is in this answer alone.
#[derive(Serialize)]
pub struct MadeToken {
    /// The user.
    user_id: UserId,
    /// The JWT.
    token: String,
    /// How to send it: `Bearer`.
    token_type: &'static str,
    /// When it ends, UTC.
    expires_at: String,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let life = Schema::integer(SHORTEST_LIFE, LONGEST_LIFE).usually(USUAL_LIFE);
    let request = Schema::object([optional("expires_in", life.says("Seconds."))]);
    let answer = Schema::object([
        always("user_id", Schema::id("usr")),
        always("token", Schema::jwt().says("In this answer alone.")),
        always("token_type", Schema::just("Bearer")),
        always("expires_at", Schema::time()),
    ]);
    let made = MadeToken {
        user_id: example::USER,
        token: example::JWT.to_owned(),
        token_type: "Bearer",
        expires_at: whole_seconds(example::time() + SignedDuration::from_secs(USUAL_LIFE)),
    };
    let example = envelope(&example::context(), &made).example();
    Operation::new("createUserToken", include_str!("tokens.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::UsersToken)))
        .repeatable()
        .path("user_id", user_id_schema())
        .optional_body(request.named("NewUserToken"), json!({ "expires_in": 900 }))
        .answers(201, "The token.", enveloped(answer.named("UserToken")), example)
        .refuses(&[Code::UserNotFound])
}

/// 201 with the token. Optional field: `expires_in`, 60 to 3600 seconds, 900 without it. Needs the scope
/// `users:token`; 404 for any user that is not of this environment, 409 for one that is suspended.
pub async fn tokens(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::UsersToken as u8 }>,
    Segment(user): Segment,
    key: IdempotencyKey,
    OptionalJson { mut fields, raw }: OptionalJson,
) -> Result<Response, Failure> {
    let id = user_id(user)?;
    let life = life(&mut fields)?;
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let store = &web.instance.store;
    let subject = store
        .token_subject(&scope, id, repeatable.claim.clone(), context.now)
        .await?;
    let (subject, replayed) = match once(subject)? {
        Call::Done(subject) => (subject, false),
        // A token is no row that a second call would make twice, and it is never stored: a replay mints another one,
        // if the user may still have it.
        Call::Replayed(_) => {
            let again = store.token_subject(&scope, id, None, context.now).await?;
            let Call::Done(subject) = once(again)? else {
                return Err(Failure::internal("a call without a key was replayed"));
            };
            (subject, true)
        }
    };
    let user = match subject {
        TokenSubject::Known(user) => user,
        TokenSubject::Suspended => {
            return Err(Failure::new(Code::Conflict).saying(format!(
                "User with ID {id} is suspended. Let it in again first: `aboard users resume {id} --environment {}`.",
                scope.kind().as_str()
            )));
        }
        TokenSubject::Unknown => return Err(not_found(&id.to_string())),
    };
    let claims = OrganizationClaims::new(context.now);
    let signed = web.tokens.sign(scope.environment(), user, claims, life, context.now);
    let signed = signed.ok_or_else(|| Failure::internal("the environment has no signing key"))?;
    let made = MadeToken {
        user_id: user,
        token: signed.token,
        token_type: "Bearer",
        expires_at: whole_seconds(signed.expires_at),
    };
    let mut response = (StatusCode::CREATED, envelope(&context, &made)).into_response();
    if replayed {
        mark_replayed(response.headers_mut());
    }
    Ok(response)
}

fn life(fields: &mut Fields) -> Result<SignedDuration, Failure> {
    let Some(value) = fields.optional_value("expires_in") else {
        return Ok(SignedDuration::from_secs(USUAL_LIFE));
    };
    let allowed = |seconds: &i64| (SHORTEST_LIFE..=LONGEST_LIFE).contains(seconds);
    whole(&value)
        .filter(allowed)
        .map(SignedDuration::from_secs)
        .ok_or_else(|| {
            let wrong = Invalid::new("expires_in must be a whole number of seconds from 60 to 3600.");
            Failure::field("expires_in", wrong).holding(value)
        })
}

/// JSON knows one kind of number: `900.0` is as whole as `900`.
fn whole(value: &Value) -> Option<i64> {
    let fraction = || value.as_f64().filter(|number| number.fract() == 0.0);
    value.as_i64().or_else(|| format!("{:.0}", fraction()?).parse().ok())
}
