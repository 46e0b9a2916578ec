//! `POST /api/v{1,2}/wallet/refresh-rampable`: a token for Rampable becomes a new one, as long as it lives and for 90 days
//! after the log-in.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::{Caller, answer, answered};
use crate::domain::Code;
use crate::tokens::RampableClaims;
use crate::web::reference::{self, Schema, Takes, always, example, required};
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([required("rampableAccessToken", Schema::jwt())]);
    let data = Schema::object([always("rampableAccessToken", Schema::jwt())]);
    let token = json!({ "rampableAccessToken": example::JWT });
    let Json(shown) = answer("Refresh Success", &token);
    reference::Operation::new("refreshRampableToken", include_str!("refresh_rampable.rs"))
        .takes(Takes::App)
        .body(request.named("RampableToken"), token)
        .answers(200, "The new token.", answered(data.named("RampableRefreshed")), shown)
}

/// 200 with a new token; 401 for one that has ended, or whose log-in has.
pub async fn refresh_rampable(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let refused = || {
        let why = "This token for Rampable is not good: it has ended, or it is another app's. Log in again.";
        Failure::new(Code::Unauthorized).saying(why)
    };
    let text = fields.text("rampableAccessToken")?;
    let scope = &caller.app.scope;
    let read = web
        .tokens
        .read::<RampableClaims>(&web.instance, &text, context.now)
        .await;
    let read = read.filter(|read| read.environment == scope.environment() && read.claims.app == scope.app());
    let read = read.ok_or_else(refused)?;
    let (store, claims) = (&web.instance.store, &read.claims);
    let holder = store
        .user_by_access_token(read.environment, read.subject, claims.app, claims.amr(), read.issued_at)
        .await?;
    let account = store.rampable_account(scope, read.subject).await?;
    let account = account.filter(|account| account.is_reached_by(claims.app, claims.amr()));
    if holder.is_none() || account.is_none() {
        return Err(refused());
    }
    let at = context.now.max(read.issued_at);
    let life = claims.life_at(at).ok_or_else(refused)?;
    let signed = web
        .tokens
        .sign(read.environment, read.subject, claims.clone(), life, at);
    let signed = signed.ok_or_else(|| Failure::internal("the environment has no signing key"))?;
    Ok(answer(
        "Refresh Success",
        &json!({ "rampableAccessToken": signed.token }),
    ))
}
