//! `/api/v{1,2}/auth/…`: log-ins.

pub mod login_otp;
pub mod login_sms;
pub mod login_whatsapp;
pub mod resend;
pub mod verify_otp;
pub mod verify_sms;
pub mod verify_whatsapp;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::domain::{ChallengeId, Destination, Invalid, Phone, Purpose};
use crate::store::ChallengeScope;
use crate::tokens::{ACCESS_TOKEN_LIFE, AccessClaims, VerificationClaims};
use crate::web::codes::{Ask, Try, ask, refused, try_code};
use crate::web::{Context, Failure, Fields, Web};

use super::Caller;

/// A log-in that has come to its end, for a user without a wallet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// Always `false` until there are wallets.
    is_wallet_created: bool,
    /// Makes or recovers a wallet, and reads `/v1/users/me`; an hour.
    access_token: String,
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
        purpose: Purpose::LogIn,
        to,
        channel,
        language: caller.language,
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

/// Exchanges a verification token and a code for a log-in.
async fn finish(
    web: &Web,
    context: &Context,
    caller: &Caller,
    mut fields: Fields,
    provider: &'static str,
) -> Result<LoggedIn, Failure> {
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
        purpose: Purpose::LogIn,
        kind: Some(kind),
        code: &code,
        claim: None,
    };
    let proven = try_code(web, context, typed).await?;
    let user = proven.user.id;
    let claims = AccessClaims::by_code(
        user,
        caller.version,
        app.scope.app(),
        provider,
        proven.key,
        proven.since,
    );
    let signed = web
        .tokens
        .sign(scope.environment(), user, claims, ACCESS_TOKEN_LIFE, proven.since);
    let signed = signed.ok_or_else(|| Failure::internal("the environment has no signing key"))?;
    Ok(LoggedIn {
        is_wallet_created: false,
        access_token: signed.token,
    })
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
