//! `POST /api/v{1,2}/auth/login`: a person logs in with a username and a password.
//!
//! Deprecated, like `register`. A wrong password and a username that nobody has are one answer, after the same time. Ten
//! wrong passwords an hour for one name from one network, and fifty from all but the networks where the right one was
//! typed before; then 429 with `Retry-After`. Calls with a client secret have no network of their own: fifty an hour for
//! one name, whoever stands behind. Whoever sends the `x-device-token` of an earlier log-in along has ten of their own,
//! whatever others do.

use axum::extract::State;

use super::super::{Caller, answer};
use super::{FromDevice, by_name, device_header, device_of, finished, logged_in, shape, takes_passwords, until};
use crate::domain::{Code, LoginKind, Password, Username};
use crate::store::{AppLogin, AppLoginOutcome, Expected, PasswordTried, PasswordTry};
use crate::web::device;
use crate::web::reference::Operation;
use crate::web::{Call, Context, Failure, JsonObject, Web, once};

/// What the reference says of it.
pub fn doc() -> Operation {
    let (request, example) = shape::credentials(0);
    shape::logs_in("loginWithPassword", include_str!("login.rs"), "Login success")
        .deprecated()
        .body(request, example)
        .refuses(&[Code::LoginRefused, Code::Forbidden])
}

/// 200 with the tokens, and in `x-device-token` one for this device; one and the same 401 for whatever is wrong.
pub async fn login(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<FromDevice, Failure> {
    let refused = || {
        Failure::new(Code::LoginRefused).saying("The username or the password is wrong. Check both, or register first.")
    };
    takes_passwords(&web, &caller)?;
    let username = fields.parsed("username", Username::parse)?;
    let password = Password::typed(fields.text("password")?);
    let until = until(&mut fields, context.now)?;
    let (scope, store, vault) = (&caller.app.scope, &web.instance.store, &web.instance.vault);
    let named = device::named(scope.app(), LoginKind::Username, username.key());
    let tried = PasswordTry {
        id: web.instance.ids.id(),
        username: username.clone(),
        network: context.persons_network(),
        device: device::known_for(
            vault,
            scope.environment(),
            &named,
            caller.device.as_deref(),
            context.now,
        ),
        now: context.now,
    };
    let id = tried.id;
    let stored = match store.begin_password_try(scope, tried).await? {
        PasswordTried::Compare(stored) => stored,
        PasswordTried::TooMany(until) => {
            let seconds = until.duration_since(context.now).as_secs().clamp(1, 3_600);
            return Err(Failure {
                retry_after: u32::try_from(seconds).ok(),
                ..Failure::new(Code::RateLimited).saying("Too many wrong passwords. Wait, then try again.")
            });
        }
    };
    if !web
        .passwords
        .is_right(caller.app.who(&context), password, stored)
        .await?
    {
        return Err(refused());
    }
    let login = AppLogin {
        tried: Some(id),
        device: Some(device_of(&web, &context, &caller)(named.0, &named.1)),
        ..by_name(&web, LoginKind::Username, username.key(), Expected::Known, context.now)
    };
    let Call::Done(AppLoginOutcome::LoggedIn {
        user, since, device, ..
    }) = once(store.log_in_by_app(scope, login, None).await?)?
    else {
        return Err(refused());
    };
    let login = finished(&caller, LoginKind::Username, username.shown().to_owned(), since, device);
    let done = logged_in(&web, &caller, user, &login, until).await?;
    let header = device_header(&web, &context, &caller, (named.0, &named.1), (user, device));
    Ok((header, answer("Login success", &done)))
}
