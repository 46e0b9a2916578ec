//! Access tokens of Google, which say nothing by themselves: Google is asked whose they are.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use url::Url;

use super::{Providers, Vouched, assertion, refused, unavailable};
use crate::domain::LoginKind;
use crate::store::AppScope;
use crate::web::Failure;
use crate::web::json::parse;

/// Longer texts are no access tokens.
const LONGEST: usize = 4_096;
/// No access token is good for longer, whatever is said of it.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Whom an access token vouches for: only one that was made for one of the app's own client ids.
pub async fn check_access_token(
    providers: &Providers,
    scope: &AppScope,
    info_url: &str,
    audiences: &[String],
    token: &str,
    now: Timestamp,
) -> Result<Vouched, Failure> {
    if token.is_empty() || token.len() > LONGEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused());
    }
    let mut url = Url::parse(info_url).map_err(|_| Failure::internal("providers.google_token_info is no address"))?;
    url.query_pairs_mut().append_pair("access_token", token);
    // The guard takes no longer address, and no such token is Google's.
    if url.as_str().len() > crate::outbound::guard::LONGEST_URL {
        return Err(refused());
    }
    let _turn = providers.questions.try_acquire().map_err(|_| unavailable())?;
    let answered = providers.outbound.get(scope.kind(), url.as_str()).await;
    let answer = answered.map_err(|_| unavailable())?;
    match answer.status {
        200 => {}
        400..=404 => return Err(refused()),
        _ => return Err(unavailable()),
    }
    let said = parse(&answer.body).map_err(|_| unavailable())?;
    let (subject, ends_at) = told(&said, audiences, now).ok_or_else(refused)?;
    Ok(Vouched {
        subject,
        assertion: assertion(
            scope,
            LoginKind::Google.as_str(),
            token.as_bytes(),
            ends_at.min(now + LONGEST_LIFE),
        ),
    })
}

/// Subject and end, if the token is for this app and alive. Numbers come as texts.
fn told(said: &Map<String, Value>, audiences: &[String], now: Timestamp) -> Option<(String, Timestamp)> {
    let audience = said.get("aud")?.as_str()?;
    let seconds = match said.get("exp")? {
        Value::String(text) => text.parse().ok()?,
        number => number.as_i64()?,
    };
    let ends_at = Timestamp::from_second(seconds).ok()?;
    let subject = said.get("sub")?.as_str().filter(|subject| !subject.is_empty())?;
    let good = audiences.iter().any(|known| known == audience) && ends_at > now;
    good.then(|| (subject.to_owned(), ends_at))
}
