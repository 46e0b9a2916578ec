//! Browser sessions: cookies, and whether a form was sent by a person's own click.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;

use super::{Context, Failure, Web};
use crate::domain::{EnvironmentId, Token};
use crate::store::Session;

/// What every session cookie's name starts with; the environment follows.
pub const SESSION_PREFIX: &str = "__Host-aboard-";

/// The live sessions of a browser, the newest first: at most one for each environment.
pub struct Browser {
    /// The sessions.
    pub sessions: Vec<Session>,
}

impl Browser {
    /// The session in one environment.
    #[must_use]
    pub fn session_in(&self, environment: EnvironmentId) -> Option<&Session> {
        self.sessions
            .iter()
            .find(|session| session.scope.environment() == environment)
    }
}

impl FromRequestParts<Web> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let context = Context::from_request_parts(parts, web).await?;
        let mut sessions = Vec::new();
        for cookie in cookies(&parts.headers) {
            let (Some(token), Ok(environment)) = (Token::parse(cookie.value), cookie.environment.parse()) else {
                continue;
            };
            let idle_since = context.now - web.instance.settings.of(environment).login.session_idle();
            let found = web.instance.store.session(&token, context.now, idle_since).await?;
            let is_at_home =
                |session: &Session| session.scope.environment() == environment && context.serves(session.kind);
            let Some(session) = found.filter(is_at_home) else {
                continue;
            };
            if context.now.duration_since(session.seen_at) > jiff::SignedDuration::from_hours(1) {
                web.instance.store.touch_session(&session, context.now).await?;
            }
            sessions.push(session);
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.auth_time));
        Ok(Self { sessions })
    }
}

struct Cookie<'h> {
    environment: &'h str,
    value: &'h str,
}

/// Session cookies of a request, at most eight: more is nobody's browser.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'));
    pairs
        .filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            Some(Cookie {
                environment: name.strip_prefix(SESSION_PREFIX)?,
                value,
            })
        })
        .take(8)
}

/// `Set-Cookie` of a session; an empty value ends it. `seconds` is its absolute life.
#[must_use]
pub fn session_cookie(environment: EnvironmentId, value: &str, seconds: i64) -> String {
    format!("{SESSION_PREFIX}{environment}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

/// Whether a POST comes from our own page or from no page at all (curl): login CSRF sends foreign ones.
#[must_use]
pub fn is_own_click(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("foreign"));
    let site_is_own =
        text(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| matches!(site, "same-origin" | "none"));
    site_is_own && text(ORIGIN).is_none_or(|origin| is_own_origin(origin, public_url, text(HOST)))
}

/// The public URL's origin as browsers write it (lower-case A-label, no port where it is the scheme's own), or
/// the same scheme at the host that was asked, which the edge has found to be one of ours.
fn is_own_origin(origin: &str, public_url: &str, host: Option<&str>) -> bool {
    let Ok(public) = url::Url::parse(public_url) else {
        return false;
    };
    let at_host = || host.is_some_and(|host| origin == format!("{}://{host}", public.scheme()));
    origin == public.origin().ascii_serialization() || at_host()
}
