//! `POST /api/v{1,2}/auth/google`: a person logs in with Google.
//!
//! `credential` is an id token that Google issued for one of the app's client ids not longer than ten minutes ago; it
//! works once. `code`, in its place, is an access token of the same client. The first log-in makes the user. The account
//! is known by Google's id of it at this app; its e-mail matches nobody.

use axum::extract::State;
use serde_json::json;

use super::super::Caller;
use super::{FromDevice, audiences, shape, until, vouched_for};
use crate::domain::{Invalid, LoginKind, Provider};
use crate::web::providers::{IdToken, check_access_token, check_id_token};
use crate::web::reference::{Operation, Schema, example, optional};
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        optional("credential", Schema::text().says("The id token.")),
        optional("code", Schema::text().says("An access token, if there is no id token.")),
        optional(
            "nonce",
            Schema::text().says("What the id token has to name as its `nonce`."),
        ),
        shape::expire_date(),
    ]);
    let request = request.with_either("credential", "code").named("GoogleLogin");
    shape::takes_assertion("loginWithGoogle", include_str!("google.rs"))
        .body(request, json!({ "credential": example::JWT }))
}

/// 200 with the tokens, and in `x-device-token` one for this device; one and the same 401 for whatever is wrong with
/// what Google is said to have signed, 403 for an app without a client id, 503 when Google cannot be asked.
pub async fn google(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<FromDevice, Failure> {
    let (credential, code) = (fields.optional_text("credential")?, fields.optional_text("code")?);
    let nonce = fields.optional_text("nonce")?;
    let until = until(&mut fields, context.now)?;
    if credential.is_none() && code.is_none() {
        return Err(Failure::field("credential", Invalid::new("credential is required.")));
    }
    let audiences = audiences(&web, &caller, Provider::Google).await?;
    let (scope, now) = (&caller.app.scope, context.now);
    let settings = web.instance.settings.of(scope.environment());
    let from = &settings.providers;
    let vouched = if let Some(text) = &credential {
        let token = IdToken {
            provider: LoginKind::Google,
            text,
            issuers: &from.google_issuers,
            keys_url: &from.google_keys,
            audiences: &audiences,
            nonce: nonce.as_deref(),
        };
        check_id_token(&web.providers, scope, token, now).await?
    } else {
        let token = code.unwrap_or_default();
        check_access_token(&web.providers, scope, &from.google_token_info, &audiences, &token, now).await?
    };
    vouched_for(&web, &context, &caller, LoginKind::Google, vouched, until).await
}
