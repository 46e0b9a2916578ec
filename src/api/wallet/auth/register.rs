//! `POST /api/v{1,2}/auth/register`: a person chooses a username and a password.
//!
//! Deprecated: a password is the weakest of the ways to log in, and nobody can prove to have lost it. Custody, codes and
//! providers take its place. The username is your app's alone, and proves no address. People who register from their own
//! devices are counted by network (`limits.registrations_per_network_hour`), and those of a back end by its key alone.

use axum::extract::State;
use serde_json::json;

use super::super::{Caller, answer};
use super::{FromDevice, by_name, device_header, device_of, finished, logged_in, shape, takes_passwords, until};
use crate::domain::{Code, LoginKind, Password, Username};
use crate::store::{AppLogin, AppLoginOutcome, Expected};
use crate::web::device;
use crate::web::reference::{Operation, Takes};
use crate::web::{Call, Context, Failure, JsonObject, Web, Who, once};

/// What the reference says of it.
pub fn doc() -> Operation {
    let (request, example) = shape::credentials(8);
    let (answer, shown) = shape::registered(true);
    Operation::new("registerWithPassword", include_str!("register.rs"))
        .takes(Takes::App)
        .deprecated()
        .body(request, example)
        .answers(200, "The user is registered.", answer, shown)
        .refuses(&[Code::Conflict, Code::Forbidden])
}

/// 200 with an access token, and in `x-device-token` one for this device; 409 for a username that is taken. A password has
/// 8 characters or more.
pub async fn register(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<FromDevice, Failure> {
    takes_passwords(&web, &caller)?;
    let username = fields.parsed("username", Username::parse)?;
    let password = Password::chosen(fields.text("password")?).map_err(|wrong| Failure::field("password", wrong))?;
    until(&mut fields, context.now)?;
    let who = caller.app.who(&context);
    must_have_room(&web, &context, &caller, who)?;
    let hash = web.passwords.hash(who, password, web.instance.ids.secret()).await?;
    let named = device::named(caller.app.scope.app(), LoginKind::Username, username.key());
    let login = AppLogin {
        device: Some(device_of(&web, &context, &caller)(named.0, &named.1)),
        shown: username.shown().to_owned(),
        password: Some(hash),
        ..by_name(&web, LoginKind::Username, username.key(), Expected::New, context.now)
    };
    let outcome = web.instance.store.log_in_by_app(&caller.app.scope, login, None).await?;
    let Call::Done(AppLoginOutcome::LoggedIn {
        user, since, device, ..
    }) = once(outcome)?
    else {
        let why = "This username is taken. Choose another, or log in with its password.";
        return Err(Failure::new(Code::Conflict).saying(why));
    };
    let login = finished(&caller, LoginKind::Username, username.shown().to_owned(), since, device);
    let done = logged_in(&web, &caller, user, &login, None).await?;
    let header = device_header(&web, &context, &caller, (named.0, &named.1), (user, device));
    let data = json!({ "accessToken": done.access_token, "isWalletCreated": done.is_wallet_created });
    Ok((header, answer("Register Account successfully", &data)))
}

/// Each registration is a user for good: one network may bring an app so many in an hour. A back end's calls are counted
/// by its key, because its address is everybody's.
fn must_have_room(web: &Web, context: &Context, caller: &Caller, who: Who) -> Result<(), Failure> {
    let scope = &caller.app.scope;
    let most = web
        .instance
        .settings
        .of(scope.environment())
        .limits
        .registrations_per_network_hour;
    let Who::Address(network) = who else { return Ok(()) };
    let wait = web.limits.admit_registration(scope.app().0, network, most, context.now);
    wait.map_or(Ok(()), |seconds| {
        let why = "Too many people have registered from this network. Wait, then try again.";
        Err(Failure {
            retry_after: Some(seconds),
            ..Failure::new(Code::RateLimited).saying(why)
        })
    })
}
