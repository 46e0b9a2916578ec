//! Credentials: which key or token a call takes. One in the wrong place is 401, never "close enough".

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::{Context, Failure, Web};
use crate::domain::{ApiKey, Code, EnvironmentKind, KeyKind, ParseKeyError};
use crate::store::{Credential, PartnerScope, ServerScope, UserKeyHolder};

/// The partner whose key is in `X-PARTNER-API-KEY`.
pub struct PartnerKey(pub PartnerScope, pub std::sync::Arc<crate::store::Presented>);

/// The organization's back end whose server key is in `Authorization`, as `Bearer <key>` or bare.
pub struct ServerKey(pub ServerScope);

impl FromRequestParts<Web> for PartnerKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let text = header(parts, "x-partner-api-key")
            .ok_or_else(|| refuse("Send your partner key in the X-PARTNER-API-KEY header."))?;
        let presented = authenticate(parts, web, text, KeyKind::Partner).await?;
        let scope = presented
            .credential
            .partner_scope()
            .ok_or_else(|| refuse("This is no partner key."))?;
        Ok(Self(scope, presented))
    }
}

impl FromRequestParts<Web> for ServerKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let text = authorization(parts).ok_or_else(|| refuse("Send a server key in the Authorization header."))?;
        let presented = authenticate(parts, web, text, KeyKind::Server).await?;
        presented
            .credential
            .server_scope()
            .map(Self)
            .ok_or_else(|| refuse("This is no server key."))
    }
}

/// Counts a request of a user key's holder.
pub fn admit_user(web: &Web, context: &Context, holder: &UserKeyHolder) -> Result<(), Failure> {
    let settings = web.instance.settings.of(holder.scope.environment());
    let limit = settings.limits.per_minute(holder.kind);
    let key = holder.scope.user_key().map_or(holder.scope.user().0, |key| key.0);
    count(web, context, key, limit)
}

async fn authenticate(
    parts: &Parts,
    web: &Web,
    text: &str,
    kind: KeyKind,
) -> Result<std::sync::Arc<crate::store::Presented>, Failure> {
    let context = context(parts)?;
    let key = ApiKey::parse(text).map_err(|error| match error {
        ParseKeyError::NotAKey => refuse("This is not a key of this server."),
        ParseKeyError::Mistyped => refuse("This key is mistyped or cut off: its checksum does not fit. Copy it again."),
    })?;
    if key.kind != kind {
        return Err(refuse(&format!(
            "This is a {} key; this call takes a {} key.",
            key.kind.as_str(),
            kind.as_str()
        )));
    }
    let presented = web.instance.store.authenticate(&key, context.now).await?;
    let presented = presented.ok_or_else(|| refuse("This key is unknown or was revoked."))?;
    let credential: &Credential = &presented.credential;
    context.note_credential(credential.environment, credential.key);
    let kind: EnvironmentKind = credential.environment_kind;
    let limit = credential
        .per_minute
        .unwrap_or_else(|| web.instance.settings.of(credential.environment).limits.per_minute(kind));
    count(web, &context, credential.key.0, limit)?;
    Ok(presented)
}

pub(super) fn count(web: &Web, context: &Context, key: uuid::Uuid, limit: u32) -> Result<(), Failure> {
    let decision = web.limits.admit(key, limit, context.now);
    context.note_limit(decision);
    if decision.allowed {
        return Ok(());
    }
    Err(Failure {
        retry_after: Some(decision.reset),
        ..Failure::new(Code::RateLimited)
    })
}

pub(super) fn context(parts: &Parts) -> Result<Context, Failure> {
    parts
        .extensions
        .get::<Context>()
        .cloned()
        .ok_or_else(|| Failure::internal("the request did not come through the edge"))
}

fn header<'p>(parts: &'p Parts, name: &str) -> Option<&'p str> {
    parts
        .headers
        .get(name)?
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

pub(super) fn authorization(parts: &Parts) -> Option<&str> {
    let text = header(parts, AUTHORIZATION.as_str())?;
    match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => Some(rest.trim()),
        _ => Some(text),
    }
}

pub(super) fn refuse(why: &str) -> Failure {
    Failure::new(Code::Unauthorized).saying(why)
}
