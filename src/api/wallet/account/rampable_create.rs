//! `POST /api/v{1,2}/account/rampable/create`: the person gets an account for Rampable.
//!
//! It takes the wallet token of a log-in, or its access token, and uses neither up; a wallet token that was used up is
//! refused.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::bearer::{Arrived, as_presented, ended, held, presented, used};
use super::super::{Caller, answer, answered};
use super::{RampableAsked, must_have_rampable, rampable};
use crate::domain::Code;
use crate::store::Spending;
use crate::tokens::{FinishedLogin, provider_word};
use crate::web::reference::{Operation, Schema, Takes, always, example, required};
use crate::web::{Bearer, Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required("username", Schema::text()),
        required("fullName", Schema::text()),
        required("password", Schema::text().lengths(8, 256)),
    ]);
    let body =
        json!({ "username": "ada@example.com", "fullName": "Ada Lovelace", "password": "correct horse battery" });
    let data = Schema::object([always("rampableAccessToken", Schema::jwt())]);
    let Json(shown) = answer(
        "Create Rampable account successfully",
        &json!({ "rampableAccessToken": example::JWT }),
    );
    Operation::new("createRampableAccount", include_str!("rampable_create.rs"))
        .takes(Takes::AppAndWalletToken)
        .body(request.named("NewRampableAccount"), body)
        .answers(
            200,
            "The account's token.",
            answered(data.named("RampableAccount")),
            shown,
        )
        .refuses(&[Code::Forbidden, Code::Conflict, Code::NewDeviceHold])
}

/// 200 with the account's token, also where the user had an account before, which stays as it is. 409 for a username that
/// somebody else has, and for an account that another app's word does not reach. 403 while the log-in waits on a new device.
pub async fn rampable_create(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let (scope, login, proven_at) = if let Ok(read) = presented(&web, &context, &caller, bearer.0.as_deref()).await {
        let store = &web.instance.store;
        let usable = match store.unspent_wallet(as_presented(&read), context.now).await? {
            Spending::Usable(usable) => usable,
            Spending::Spent => return Err(used()),
            Spending::Refused => return Err(ended()),
        };
        let claims = &read.claims;
        if let Some(refused) = held(&web, &context, claims, &usable) {
            return Err(refused);
        }
        let login = FinishedLogin {
            version: caller.version,
            app: claims.app,
            amr: claims.amr,
            provider: provider_word(&claims.provider).unwrap_or("email"),
            named: String::new(),
            since: context.now,
            hold: claims.hold,
        };
        (usable.scope(claims.app, claims.amr), login, claims.auth_time)
    } else {
        let arrived = Arrived::read(&web, &context, &caller, &bearer).await?;
        arrived.must_not_be_held(&web, &context).await?;
        let login = arrived.login(&caller, &context)?;
        let proven_at = arrived.proven_at();
        (arrived.scope, login, proven_at)
    };
    must_have_rampable(&web, &caller)?;
    let asked = RampableAsked::read(&mut fields)?;
    let token = rampable(&web, &context, &caller, &scope, &login, proven_at, asked).await?;
    let data = json!({ "rampableAccessToken": token });
    Ok(answer("Create Rampable account successfully", &data))
}
