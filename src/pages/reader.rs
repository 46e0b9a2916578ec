//! Whoever asks for a page: counted by their address, and read to in their language.

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};

use super::view::Frame;
use super::words::Flash;
use crate::domain::{Code, EnvironmentId, EnvironmentKind, Language};
use crate::web::{Context, Failure, Web, Who};
use crate::words::Words;

/// Remembers the language that a person chose on a page.
const COOKIE_NAME: &str = "__Host-language";
const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// The one who asks for a page. Whoever has asked too often gets no further than this: 429.
pub struct Reader {
    wanted: Option<Language>,
    usual: Language,
    chosen: bool,
    asks: bool,
}

impl FromRequestParts<Web> for Reader {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let context = Context::from_request_parts(parts, web).await?;
        admit(web, &context)?;
        let chosen = asked_for(&parts.uri).is_some();
        Ok(Self {
            wanted: wanted(&parts.uri, &parts.headers),
            usual: web.instance.settings.base().login.language(),
            chosen,
            asks: matches!(parts.method, Method::GET | Method::HEAD),
        })
    }
}

impl Reader {
    /// The same in an environment, which may have a usual language of its own.
    #[must_use]
    pub fn in_environment(&self, web: &Web, environment: EnvironmentId) -> Self {
        Self {
            usual: web.instance.settings.of(environment).login.language(),
            ..*self
        }
    }

    /// The language that the person is read to in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.wanted.unwrap_or(self.usual)
    }

    /// The texts.
    #[must_use]
    pub fn words(&self) -> Words {
        Words(self.language())
    }

    /// A frame that says nothing of any organization or environment.
    #[must_use]
    pub fn plain_frame(&self) -> Frame<'static> {
        Frame {
            words: self.words(),
            organization: None,
            sandbox: false,
            flash: None,
            switch: Some(""),
        }
    }

    /// The frame of an organization's page.
    #[must_use]
    pub fn frame<'a>(&self, organization: &'a str, kind: EnvironmentKind, flash: Option<Flash>) -> Frame<'a> {
        Frame {
            organization: Some(organization),
            sandbox: kind == EnvironmentKind::Sandbox,
            flash,
            ..self.plain_frame()
        }
    }

    /// `Set-Cookie` of a language that was just chosen.
    pub(super) fn cookie(&self) -> Option<String> {
        let tag = self.wanted.filter(|_| self.chosen && self.asks)?.tag();
        Some(format!(
            "{COOKIE_NAME}={tag}; Path=/; Max-Age={YEAR_SECONDS}; Secure; HttpOnly; SameSite=Lax"
        ))
    }
}

/// As for any call without a key, but for the headers of the limit: a person reads none.
fn admit(web: &Web, context: &Context) -> Result<(), Failure> {
    let limit = web.config.limits.anonymous_per_minute;
    let decision = web.limits.admit(Who::at(context.address), limit, context.now);
    if decision.allowed {
        return Ok(());
    }
    Err(Failure {
        retry_after: Some(decision.reset),
        ..Failure::new(Code::RateLimited)
    })
}

/// The language that a request asks for: its address says `?lang=el`, or a page was once asked for so, or the browser
/// prefers it. `None` if it names none of ours.
#[must_use]
pub fn wanted(uri: &Uri, headers: &HeaderMap) -> Option<Language> {
    let accepted = || headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked_for(uri)
        .or_else(|| cookie(headers, COOKIE_NAME).and_then(Language::from_tag))
        .or_else(|| accepted().and_then(Language::accepted))
}

fn asked_for(uri: &Uri) -> Option<Language> {
    let query = uri.query()?;
    let (_, tag) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang")?;
    Language::from_tag(&tag)
}

/// A cookie of ours; of two of one name, the first.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut pairs = lines.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_what_is_remembered_and_that_before_the_browser() {
        for (uri, cookie, accepted, language) in [
            ("/?lang=el", "__Host-language=ar", "id", Some(Language::Greek)),
            ("/?lang=fr", "__Host-language=ar", "id", Some(Language::Arabic)),
            ("/", "a=b; __Host-language=ar", "id", Some(Language::Arabic)),
            ("/", "__Host-language=fr", "id", Some(Language::Indonesian)),
            ("/?lang=", "", "fr, el;q=0.2", Some(Language::Greek)),
            ("/", "__Host-languages=ar", "fr", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie.parse().unwrap());
            headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
            let wanted = wanted(&uri.parse().unwrap(), &headers);
            assert_eq!(wanted, language, "{uri} {cookie} {accepted}");
        }
    }
}
