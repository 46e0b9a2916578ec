//! `POST /api/v1/login`: a user's API key becomes a token of 24 hours.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::{ApiKey, Code, Email, KeyKind};
use crate::store::UserKeyHolder;
use crate::tokens::{USER_TOKEN_LIFE, UserKeyClaims};
use crate::web::reference::{Operation, Schema, always, example, optional, required};
use crate::web::{Context, Failure, JsonObject, Web, admit_user};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required(
            "api_key",
            Schema::text().says("The user's key, from the webhook or from `createUserKey`."),
        ),
        optional(
            "email",
            Schema::text().says("The e-mail that you gave; this or `wrapp_user_id` must be sent."),
        ),
        optional("wrapp_user_id", Schema::text().says("Your pairwise id of the user.")),
    ]);
    let attributes = Schema::object([always("jwt", Schema::jwt())]);
    let data = Schema::object([always("type", Schema::just("jwt")), always("attributes", attributes)]);
    Operation::new("login", include_str!("login.rs"))
        .body(
            request.with_either("email", "wrapp_user_id").named("Login"),
            json!({ "api_key": example::user_key().expose(), "email": "ada@example.com" }),
        )
        .answers(
            200,
            "The token.",
            Schema::object([always("data", data)]).named("UserJwt"),
            answer(example::JWT),
        )
        .refuses(&[Code::NotValidUser])
}

/// 200 `{"data":{"type":"jwt","attributes":{"jwt":"…"}}}`; 401 `Not valid user` for any key that does not
/// belong to the e-mail or `wrapp_user_id` sent with it.
pub async fn login(
    State(web): State<Web>,
    context: Context,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let refused = || Failure::new(Code::NotValidUser);
    let api_key = zeroize::Zeroizing::new(fields.text("api_key")?);
    let email = fields.optional_text("email")?;
    let wrapp_user_id = fields.optional_text("wrapp_user_id")?;
    if email.is_none() && wrapp_user_id.is_none() {
        return Err(Failure::field(
            "email",
            crate::domain::Invalid::new("Send email or wrapp_user_id beside api_key."),
        ));
    }
    let key = ApiKey::parse(&api_key)
        .ok()
        .filter(|key| key.kind == KeyKind::User)
        .ok_or_else(refused)?;
    let holder = web
        .instance
        .store
        .user_by_key(&key, context.now)
        .await?
        .ok_or_else(refused)?;
    // Counted before it is compared: a stolen key must not be paired with its e-mail by guessing.
    admit_user(&web, &context, &holder)?;
    if holder.kind != key.environment || !is_named(&holder, email.as_deref(), wrapp_user_id.as_deref()) {
        return Err(refused());
    }
    let (Some(user_key), Some(partner)) = (holder.scope.user_key(), holder.scope.partner()) else {
        return Err(refused());
    };
    let (environment, user) = (holder.scope.environment(), holder.scope.user());
    let claims = UserKeyClaims::new(user_key, partner, context.now);
    let signed = web
        .tokens
        .sign(environment, user, claims, USER_TOKEN_LIFE, context.now)
        .ok_or_else(|| Failure::internal("the environment has no signing key"))?;
    Ok(Json(answer(&signed.token)))
}

fn answer(jwt: &str) -> Value {
    json!({ "data": { "type": "jwt", "attributes": { "jwt": jwt } } })
}

/// Every companion that was sent has to name the holder.
fn is_named(holder: &UserKeyHolder, email: Option<&str>, wrapp_user_id: Option<&str>) -> bool {
    let email_fits = email.is_none_or(|email| Email::parse(email).is_ok_and(|email| email.key() == holder.email_key));
    let id_fits = wrapp_user_id.is_none_or(|id| id.parse() == Ok(holder.wrapp_user));
    email_fits && id_fits
}
