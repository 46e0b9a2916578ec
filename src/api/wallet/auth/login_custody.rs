//! `POST /api/v{1,2}/auth/login-custody`: your back end logs in a user that it registered by its own id.
//!
//! Nothing but your word stands behind it, so it takes a client secret with the scope `custody`, and what the tokens
//! reach is what your app brought. An id that nobody registered is 404.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::super::{Caller, answer};
use super::{by_name, finished, logged_in, must_be_custodian, shape, until};
use crate::domain::{Code, CustodyId, LoginKind};
use crate::store::{AppLoginOutcome, Expected};
use crate::web::reference::{Operation, Takes};
use crate::web::{Call, Context, Failure, JsonObject, Web, once};

/// What the reference says of it.
pub fn doc() -> Operation {
    let (request, example) = shape::sub_id();
    shape::logs_in("loginCustodyUser", include_str!("login_custody.rs"), "Login success")
        .takes(Takes::ClientSecret)
        .body(request, example)
        .refuses(&[Code::UserNotFound, Code::Conflict])
}

/// 200 with the tokens; 404 for an id that was not registered, 409 for a user who is suspended.
pub async fn login_custody(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    must_be_custodian(&caller)?;
    let id = fields.parsed("subId", CustodyId::parse)?;
    let until = until(&mut fields, context.now)?;
    let login = by_name(&web, LoginKind::Custody, id.as_str(), Expected::Known, context.now);
    let outcome = web.instance.store.log_in_by_app(&caller.app.scope, login, None).await?;
    let (user, since) = match once(outcome)? {
        Call::Done(AppLoginOutcome::LoggedIn { user, since, .. }) => (user, since),
        Call::Done(AppLoginOutcome::Suspended) => {
            let why = "The user is suspended. Let the user in again first, with `aboard users resume`.";
            return Err(Failure::new(Code::Conflict).saying(why));
        }
        _ => {
            let why = "No user of this app has this subId. Register it with register-custody.";
            return Err(Failure::new(Code::UserNotFound).saying(why));
        }
    };
    let login = finished(&caller, LoginKind::Custody, id.as_str().to_owned(), since, None);
    Ok(answer(
        "Login success",
        &logged_in(&web, &caller, user, &login, until).await?,
    ))
}
