//! Credentials: which key or token a call takes. One in the wrong place is 401, never "close enough".

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::context::Holder;
use super::limits::Who;
use super::{Context, Failure, Web};
use crate::domain::{ApiKey, Code, EnvironmentKind, KeyKind, KeyScope, ParseKeyError};
use crate::store::{Credential, PartnerScope, Presented, ServerScope, UserKeyHolder};

/// The partner whose key is in `X-PARTNER-API-KEY`.
pub struct PartnerKey(pub PartnerScope, pub Arc<Presented>);

/// The scope of a route that every server key may call.
pub const ANY_SCOPE: u8 = u8::MAX;

/// The organization's back end whose server key is in `Authorization`, as `Bearer <key>` or bare. The route says which
/// scope the key must have: `ServerKey<{ KeyScope::Requests as u8 }>`; without a word it is `users`.
pub struct ServerKey<const SCOPE: u8 = { KeyScope::Users as u8 }>(pub ServerScope);

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

impl<const SCOPE: u8> FromRequestParts<Web> for ServerKey<SCOPE> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let text = authorization(parts).ok_or_else(|| refuse("Send a server key in the Authorization header."))?;
        let presented = authenticate(parts, web, text, KeyKind::Server).await?;
        let scope = presented
            .credential
            .server_scope()
            .ok_or_else(|| refuse("This is no server key."))?;
        match KeyScope::ALL.get(usize::from(SCOPE)) {
            Some(needed) if !scope.allows(*needed) => Err(Failure::new(Code::Forbidden).saying(format!(
                "This key lacks the scope {0}. Use one that has it: `aboard keys create --scope {0}` makes one.",
                needed.as_str()
            ))),
            _ => Ok(Self(scope)),
        }
    }
}

/// Counts a request of a user key's holder.
pub fn admit_user(web: &Web, context: &Context, holder: &UserKeyHolder) -> Result<(), Failure> {
    check_host(web, context, holder.kind)?;
    let settings = web.instance.settings.of(holder.scope.environment());
    let limit = settings.limits.per_minute(holder.kind);
    let key = holder.scope.user_key().map_or(holder.scope.user().0, |key| key.0);
    context.note_holder(Holder {
        environment: holder.scope.environment(),
        kind: KeyKind::User,
        exposed: false,
        key: Some(key),
    });
    count(web, context, Who::Key(key), limit)
}

/// Counts a request of somebody without a credential. A call that does something for anybody asks this first.
pub fn admit_address(web: &Web, context: &Context) -> Result<(), Failure> {
    let limit = web.config.limits.anonymous_per_minute;
    count(web, context, Who::at(context.address), limit)
}

/// Counts what nobody has counted yet, by its address: whatever a surface answers carries the headers of some limit.
/// A refusal past the limit becomes a 429; an answer that was given stays. A guessed key is looked at before it
/// is counted, so that a good one is never refused for what its neighbours at the address do.
#[must_use]
pub fn count_the_rest(web: &Web, context: &Context, response: Response) -> Response {
    if !context.surface.is_counted() || context.limit().is_some() {
        return response;
    }
    match admit_address(web, context) {
        Err(limited) if response.status().is_client_error() => limited.into_response(),
        _ => response,
    }
}

pub(super) async fn authenticate(
    parts: &Parts,
    web: &Web,
    text: &str,
    kind: KeyKind,
) -> Result<Arc<Presented>, Failure> {
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
    present(parts, web, key).await
}

/// Looks a key up and counts the request, wherever it goes.
pub(super) async fn present(parts: &Parts, web: &Web, key: ApiKey) -> Result<Arc<Presented>, Failure> {
    let context = context(parts)?;
    check_host(web, &context, key.environment)?;
    let presented = web.instance.store.authenticate(&key, context.now).await?;
    let presented = presented.ok_or_else(|| {
        refuse("This key is unknown, was revoked or has ended. `aboard keys list` shows those that stand.")
    })?;
    let credential: &Credential = &presented.credential;
    context.note_holder(Holder {
        environment: credential.environment,
        kind: credential.kind,
        exposed: credential.exposed,
        key: Some(credential.key.0),
    });
    let kind: EnvironmentKind = credential.environment_kind;
    let limit = credential
        .per_minute
        .unwrap_or_else(|| web.instance.settings.of(credential.environment).limits.per_minute(kind));
    count(web, &context, Who::Key(credential.key.0), limit)?;
    Ok(presented)
}

/// A host that stands for one kind of environment answers no credential of the other.
pub(super) fn check_host(web: &Web, context: &Context, kind: EnvironmentKind) -> Result<(), Failure> {
    let Some(pinned) = context.pinned.filter(|_| !context.serves(kind)) else {
        return Ok(());
    };
    let (pinned, kind, way_out) = (pinned.as_str(), kind.as_str(), web.config.server.pinned_host(kind));
    let way_out = way_out.map_or_else(
        || "Ask whoever runs this server for the host to use.".to_owned(),
        |host| format!("Send it to {host}."),
    );
    Err(refuse(&format!(
        "This host answers {pinned} keys alone, and this key is of {kind}. {way_out}"
    )))
}

pub(super) fn count(web: &Web, context: &Context, who: Who, limit: u32) -> Result<(), Failure> {
    let decision = web.limits.admit(who, limit, context.now);
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

pub(super) fn header<'p>(parts: &'p Parts, name: &str) -> Option<&'p str> {
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
