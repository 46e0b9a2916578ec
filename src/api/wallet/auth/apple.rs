//! `POST /api/v{1,2}/auth/apple`: a person logs in with Apple.
//!
//! `credential` is an id token that Apple issued for one of the app's client ids not longer than ten minutes ago; it
//! works once. The first log-in makes the user. The account is known by Apple's id of it at this app; its e-mail matches
//! nobody.

use axum::extract::State;
use serde_json::json;

use super::super::Caller;
use super::{FromDevice, audiences, shape, until, vouched_for};
use crate::domain::{LoginKind, Provider};
use crate::web::providers::{IdToken, check_id_token};
use crate::web::reference::{Operation, Schema, example, optional, required};
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required("credential", Schema::text().says("The id token.")),
        optional(
            "nonce",
            Schema::text().says("What the id token has to name as its `nonce`."),
        ),
        shape::expire_date(),
    ]);
    shape::takes_assertion("loginWithApple", include_str!("apple.rs"))
        .body(request.named("AppleLogin"), json!({ "credential": example::JWT }))
}

/// 200 with the tokens, and in `x-device-token` one for this device; one and the same 401 for whatever is wrong with
/// what Apple is said to have signed, 403 for an app without a client id, 503 when Apple's keys cannot be read.
pub async fn apple(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<FromDevice, Failure> {
    let credential = fields.text("credential")?;
    let nonce = fields.optional_text("nonce")?;
    let until = until(&mut fields, context.now)?;
    let audiences = audiences(&web, &caller, Provider::Apple).await?;
    let scope = &caller.app.scope;
    let settings = web.instance.settings.of(scope.environment());
    let token = IdToken {
        provider: LoginKind::Apple,
        text: &credential,
        issuers: &settings.providers.apple_issuers,
        keys_url: &settings.providers.apple_keys,
        audiences: &audiences,
        nonce: nonce.as_deref(),
    };
    let vouched = check_id_token(&web.providers, scope, token, context.now).await?;
    vouched_for(&web, &context, &caller, LoginKind::Apple, vouched, until).await
}
