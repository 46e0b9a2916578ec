//! `/api/v{1,2}/auth/…`: log-ins.

pub mod apple;
mod from_device;
pub mod google;
pub mod login;
pub mod login_custody;
pub mod login_otp;
pub mod login_sms;
pub mod login_whatsapp;
pub mod register;
pub mod register_custody;
pub mod resend;
mod shape;
pub mod telegram;
pub mod verify_otp;
pub mod verify_sms;
pub mod verify_whatsapp;

use axum::Json;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::domain::{
    Amr, ChallengeId, Code, Destination, IdentityId, Invalid, KeyScope, LoginKind, Phone, Provider, Purpose, UserId,
};
use crate::store::{AppLogin, AppLoginOutcome, ChallengeScope, Expected, SeenDevice};
use crate::tokens::{
    ACCESS_TOKEN_LIFE, AccessClaims, FinishedLogin, NetworkAddress, RampableClaims, VerificationClaims,
};
use crate::web::codes::{Ask, Try, ask, refused, try_code};
use crate::web::device;
use crate::web::providers::{self, Vouched};
use crate::web::{Call, Context, Failure, Fields, Web, once};

use self::from_device::{FromDevice, device_header, device_of, hold_of};
use super::{Caller, answer, session};

/// A log-in that has come to its end.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// Whether the person has a wallet.
    is_wallet_created: bool,
    /// Makes or recovers a wallet, and reads `/v1/users/me`; an hour. Without a wallet alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// Good for one operation on the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet_token: Option<String>,
    /// Good for another wallet token; version 2 alone has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// The wallet's addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<Vec<NetworkAddress>>,
    /// The one that version 1 knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Who can open the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    custody: Option<&'static str>,
    /// For a ramp provider, where the organization has the feature and the user an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    rampable_access_token: Option<String>,
}

/// Sends a code and answers the verification token.
async fn begin(
    web: &Web,
    context: &Context,
    caller: &Caller,
    to: Destination,
    channel: &'static str,
) -> Result<String, Failure> {
    let app = &caller.app;
    let scope = ChallengeScope::from(&app.scope);
    let challenge = ChallengeId(web.instance.ids.id());
    let asked = Ask {
        id: challenge,
        scope,
        kind: app.scope.kind(),
        asked_by: &app.name,
        user: None,
        session: None,
        purpose: Purpose::LogIn,
        to,
        channel,
        language: caller.language,
        device: caller.device.as_deref(),
        repeatable: None,
    };
    ask(web, context, asked).await?;
    let claims = VerificationClaims::new(app.scope.app(), caller.version);
    let life = web.instance.settings.of(scope.environment()).codes.life();
    let signed = web
        .tokens
        .sign(scope.environment(), challenge, claims, life, context.now);
    let signed = signed.ok_or_else(|| Failure::internal("the environment has no private signing key"))?;
    Ok(signed.token)
}

/// Begins a log-in by phone; what it answers.
async fn begin_by_phone(
    web: &Web,
    context: &Context,
    caller: &Caller,
    fields: Fields,
    channel: &'static str,
) -> Result<Json<Value>, Failure> {
    let to = phone(fields)?;
    let scope = &caller.app.scope;
    // Looked up for known and unknown numbers alike, and in front of the send, which waits for the disk.
    let has_wallet = web.instance.store.has_wallet(scope, &to).await?;
    let told = web
        .instance
        .settings
        .of(scope.environment())
        .wallets
        .tell_whether_created;
    let verify_token = begin(web, context, caller, to, channel).await?;
    let begun = json!({ "verifyToken": verify_token, "isWalletCreated": has_wallet && told });
    Ok(answer("OTP sent", &begun))
}

/// Exchanges a verification token and a code for a log-in.
async fn finish(
    web: &Web,
    context: &Context,
    caller: &Caller,
    mut fields: Fields,
    provider: &'static str,
) -> Result<FromDevice, Failure> {
    let token = verification_token(&mut fields)?;
    let code = Zeroizing::new(fields.text("otp")?);
    let app = &caller.app;
    let scope = ChallengeScope::from(&app.scope);
    let kind = if provider == "email" { "email" } else { "phone" };
    let challenge = challenge(web, context, caller, &token).await?;
    let typed = Try {
        scope,
        challenge,
        user: None,
        session: None,
        purpose: Purpose::LogIn,
        kind: Some(kind),
        code: &code,
        device: Some(device_of(web, context, caller)),
        claim: None,
    };
    let proven = try_code(web, context, typed).await?;
    let proof = (kind, proven.key.as_str());
    let device = device_header(web, context, caller, proof, (proven.user.id, proven.device));
    let login = FinishedLogin {
        version: caller.version,
        app: app.scope.app(),
        amr: Amr::Otp,
        provider,
        named: proven.key,
        since: proven.since,
        hold: hold_of(proven.device),
    };
    let done = logged_in(web, caller, proven.user.id, &login, None).await?;
    Ok((device, answer("OTP verified", &done)))
}

/// What every finished log-in answers: the tokens of the person's wallet, or what makes one.
async fn logged_in(
    web: &Web,
    caller: &Caller,
    user: UserId,
    login: &FinishedLogin,
    until: Option<Timestamp>,
) -> Result<LoggedIn, Failure> {
    let scope = &caller.app.scope;
    let environment = scope.environment();
    let unsigned = || Failure::internal("the environment has no signing key");
    // Who waits on a new device gets it from `account/rampable/create` once the wait is over.
    let account = if web.instance.settings.of(environment).login.rampable && login.hold.is_none() {
        web.instance.store.rampable_account(scope, user).await?
    } else {
        None
    };
    // What another app's word made is out of reach here, as with a wallet.
    let account = account.filter(|account| account.is_reached_by(scope.app(), login.amr));
    let rampable = account.map(|account| {
        let claims = RampableClaims::new(account.username, login);
        let signed = web
            .tokens
            .sign(environment, user, claims, ACCESS_TOKEN_LIFE, login.since);
        signed.map(|signed| signed.token).ok_or_else(unsigned)
    });
    let rampable_access_token = rampable.transpose()?;
    let known = web.instance.store.wallet_of(scope, user, login.since).await?;
    // What an app's own word brought is nobody else's: another app's custody log-in reaches no wallet of the person's.
    let known =
        known.filter(|known| !known.wallet.pending && (login.amr.is_own_proof() || known.wallet.app == scope.app()));
    if let Some(known) = known {
        let session = session::begin(web, caller, &known, &session::Born::of(login, until), None).await?;
        let addresses = session::addresses(&known.wallet, scope.kind())?;
        return Ok(LoggedIn {
            is_wallet_created: true,
            wallet_token: Some(session.wallet_token),
            refresh_token: session.refresh_token,
            address: (caller.version == 1).then(|| session::evm_address(&addresses)),
            addresses: Some(addresses),
            custody: Some(known.wallet.custody.as_str()),
            rampable_access_token,
            ..LoggedIn::default()
        });
    }
    let claims = AccessClaims::new(user, login);
    let access = web
        .tokens
        .sign(environment, user, claims, ACCESS_TOKEN_LIFE, login.since);
    Ok(LoggedIn {
        access_token: Some(access.ok_or_else(unsigned)?.token),
        rampable_access_token,
        ..LoggedIn::default()
    })
}

/// A log-in by a name of the app's, about to be decided.
fn by_name(web: &Web, kind: LoginKind, key: &str, expected: Expected, now: Timestamp) -> AppLogin {
    let ids = &web.instance.ids;
    AppLogin {
        kind,
        key: key.to_owned(),
        shown: key.to_owned(),
        expected,
        assertion: None,
        password: None,
        tried: None,
        device: None,
        new_user: UserId(ids.id()),
        identity: IdentityId(ids.id()),
        now,
    }
}

/// A log-in by a name as its tokens tell of it.
fn finished(
    caller: &Caller,
    kind: LoginKind,
    named: String,
    since: Timestamp,
    device: Option<SeenDevice>,
) -> FinishedLogin {
    FinishedLogin {
        version: caller.version,
        app: caller.app.scope.app(),
        amr: kind.amr(),
        provider: kind.as_str(),
        named,
        since,
        hold: hold_of(device),
    }
}

/// Logs in whom a provider vouched for; the first log-in makes the user.
async fn vouched_for(
    web: &Web,
    context: &Context,
    caller: &Caller,
    kind: LoginKind,
    vouched: Vouched,
    until: Option<Timestamp>,
) -> Result<FromDevice, Failure> {
    let scope = &caller.app.scope;
    let named = device::named(scope.app(), kind, &vouched.subject);
    let by = (named.0, named.1.as_str());
    let login = AppLogin {
        assertion: Some(vouched.assertion),
        device: Some(device_of(web, context, caller)(by.0, by.1)),
        ..by_name(web, kind, &vouched.subject, Expected::Either, context.now)
    };
    let outcome = web.instance.store.log_in_by_app(scope, login, None).await?;
    let Call::Done(AppLoginOutcome::LoggedIn {
        user, since, device, ..
    }) = once(outcome)?
    else {
        // Used before, or a person who is locked out: nobody is told which.
        return Err(providers::refused());
    };
    let login = finished(caller, kind, vouched.subject, since, device);
    let done = logged_in(web, caller, user, &login, until).await?;
    let header = device_header(web, context, caller, by, (user, device));
    Ok((header, answer("Login success", &done)))
}

/// The client ids of the app at Google or Apple.
async fn audiences(web: &Web, caller: &Caller, provider: Provider) -> Result<Vec<String>, Failure> {
    let known = web.instance.store.app_providers(&caller.app.scope, provider).await?;
    if known.is_empty() {
        return Err(not_set_up(provider, "CLIENT_ID"));
    }
    Ok(known.into_iter().map(|known| known.name).collect())
}

/// A provider that the app was not set up for.
fn not_set_up(provider: Provider, what: &str) -> Failure {
    let name = provider.as_str();
    Failure::new(Code::Forbidden).saying(format!(
        "This app does not take log-ins with {name}. Set it up with `aboard apps providers add APP {name} {what}`."
    ))
}

/// An app whose word alone logs its users in: by a client secret that may, and never from a browser.
fn must_be_custodian(caller: &Caller) -> Result<(), Failure> {
    if caller.app.scope.key().is_none() {
        let why =
            "This call takes the app's client secret in x-client-secret: nothing but the app's word stands behind it.";
        return Err(Failure::new(Code::Unauthorized).saying(why));
    }
    if !caller.app.scope.allows(KeyScope::Custody) {
        let why = "This client secret lacks the scope custody, which it also loses in a browser. `aboard keys create --kind client --scope custody` makes one that has it.";
        return Err(Failure::new(Code::Forbidden).saying(why));
    }
    Ok(())
}

/// An environment may have switched the deprecated log-ins with a username and a password off.
fn takes_passwords(web: &Web, caller: &Caller) -> Result<(), Failure> {
    if web.instance.settings.of(caller.app.scope.environment()).login.passwords {
        return Ok(());
    }
    let why = "This environment takes no usernames and passwords (`login.passwords`). Log in with a code, with a provider, or by custody.";
    Err(Failure::new(Code::Forbidden).saying(why))
}

/// When a caller wants its wallet token to end, which the documents call by either name: the end of a day, or a moment.
/// Version 1 alone heeds it.
pub fn until(fields: &mut Fields, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let mut until = None;
    for name in ["expireDate", "expiredDate"] {
        let read = fields.optional(name, |text| {
            let day = || {
                text.parse::<jiff::civil::Date>()
                    .ok()?
                    .tomorrow()
                    .ok()?
                    .to_zoned(TimeZone::UTC)
                    .ok()
            };
            let moment = text
                .parse::<Timestamp>()
                .ok()
                .or_else(|| day().map(|end| end.timestamp()));
            let wrong = || Invalid::new(format!("{name} must be a date that is not over, like 2030-01-31."));
            moment.filter(|moment| *moment > now).ok_or_else(wrong)
        })?;
        until = until.or(read);
    }
    Ok(until)
}

/// The token of a log-in that was begun; the documents call it by either name.
fn verification_token(fields: &mut Fields) -> Result<String, Failure> {
    if let Some(token) = fields.optional_text("verificationToken")? {
        return Ok(token);
    }
    let token = fields.optional_text("verifyToken")?;
    token.ok_or_else(|| Failure::field("verificationToken", Invalid::new("verificationToken is required.")))
}

/// The challenge that a verification token names, if it is this app's and of this version of the surface.
async fn challenge(web: &Web, context: &Context, caller: &Caller, token: &str) -> Result<ChallengeId, Failure> {
    let scope = ChallengeScope::from(&caller.app.scope);
    let read = web
        .tokens
        .read::<VerificationClaims>(&web.instance, token, context.now)
        .await;
    let read = read.filter(|read| {
        let claims = &read.claims;
        read.environment == scope.environment()
            && claims.app == caller.app.scope.app()
            && claims.version == caller.version
    });
    Ok(read.ok_or_else(refused)?.subject)
}

/// A number with its country code, with or without the plus: clients send both.
fn phone(mut fields: Fields) -> Result<Destination, Failure> {
    let phone = fields.parsed("phoneNumber", |text| {
        let wrong = || Invalid::new("Send a phone number of 7 to 15 digits with its country code, like 306912345678.");
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if !(7..=15).contains(&digits.len()) {
            return Err(wrong());
        }
        let trimmed = text.trim();
        let plain = trimmed.strip_prefix('+').unwrap_or(trimmed);
        if !plain
            .chars()
            .all(|char| char.is_ascii_digit() || matches!(char, ' ' | '-' | '(' | ')'))
        {
            return Err(wrong());
        }
        Phone::parse_e164(&format!("+{digits}")).map_err(|_| wrong())
    })?;
    Ok(Destination::Phone(phone))
}
