//! `POST /api/v{1,2}/auth/register-custody`: your back end brings one of its users by its own id.
//!
//! Nothing but your word stands behind the user, so it takes a client secret with the scope `custody`, and what the
//! tokens reach is what your app brought. The id is your app's alone: the same id of another app is somebody else. One
//! that is registered already is 409; log it in with `login-custody`.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::{Caller, answer};
use super::{by_name, finished, logged_in, must_be_custodian, shape, until};
use crate::domain::{Code, CustodyId, LoginKind, UserId};
use crate::store::{AppLoginOutcome, Expected};
use crate::web::reference::{Operation, Takes};
use crate::web::{Call, Caller as Whose, Context, Failure, IdempotencyKey, JsonObject, Web, once};

/// What the reference says of it.
pub fn doc() -> Operation {
    let (request, example) = shape::sub_id();
    let (answer, shown) = shape::registered(false);
    Operation::new("registerCustodyUser", include_str!("register_custody.rs"))
        .takes(Takes::ClientSecret)
        .repeatable()
        .body(request, example)
        .answers(200, "The user is registered.", answer, shown)
        .refuses(&[Code::Conflict])
}

/// 200 with an access token; a repeated call with its `Idempotency-Key` gets another one for the same user.
pub async fn register_custody(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    must_be_custodian(&caller)?;
    let id = fields.parsed("subId", CustodyId::parse)?;
    until(&mut fields, context.now)?;
    let scope = &caller.app.scope;
    let whose = Whose {
        environment: scope.environment(),
        credential: scope.app().0,
        subject: None,
    };
    let repeatable = key.of(&web, whose, &raw, context.now)?;
    let login = by_name(&web, LoginKind::Custody, id.as_str(), Expected::New, context.now);
    let outcome = web
        .instance
        .store
        .log_in_by_app(scope, login, repeatable.claim.clone())
        .await?;
    let (user, since, replayed) = match once(outcome)? {
        Call::Done(AppLoginOutcome::LoggedIn { user, since, .. }) => (user, since, false),
        // A token is no row that a second call would make twice, and the caller that lost the answer still needs one.
        Call::Replayed(saved) => {
            let user = saved
                .resource
                .ok_or_else(|| Failure::internal("a saved log-in names nobody"))?;
            (UserId(user), context.now, true)
        }
        Call::Done(_) => {
            let why = "This subId is registered already. Log it in with login-custody.";
            return Err(Failure::new(Code::Conflict).saying(why));
        }
    };
    let login = finished(&caller, LoginKind::Custody, id.as_str().to_owned(), since, None);
    let done = logged_in(&web, &caller, user, &login, None).await?;
    let data = json!({ "accessToken": done.access_token });
    let mut response = answer("Register Account successfully", &data).into_response();
    if replayed {
        let name = HeaderName::from_static("idempotent-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}
