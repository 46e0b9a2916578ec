//! What the pages share on which a person proves something with a code: where codes may go, and the way back to the page.
//!
//! Every form leads back to its page, so that a reload repeats nothing.

use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::masks::{mask_email, mask_phone};
use super::reader::{Reader, cookie};
use super::words::Flash;
use crate::domain::{
    ChallengeId, Code, Destination, Email, EnvironmentKind, Invalid, Phone, Purpose, SessionId, Token, UserId,
};
use crate::store::{ChallengeScope, ContactAddress, ProofOutcome, Proven};
use crate::web::codes::{Ask, Try, ask, prove};
use crate::web::{Call, Context, Failure, Web};

/// How long a browser holds what was shown in it.
const HOLDER_SECONDS: u32 = 60 * 60;

/// What the page says next.
#[derive(Default)]
pub struct Step {
    /// A line above it.
    pub said: Option<Flash>,
    /// What makes this browser the one that asks.
    pub cookie: Option<Token>,
}

impl Step {
    /// The code was wrong.
    pub fn wrong_code() -> Self {
        Self {
            said: Some(Flash::WrongCode),
            cookie: None,
        }
    }

    /// Too many codes were asked for.
    pub fn wait(seconds: u32) -> Self {
        Self {
            said: Some(Flash::Wait(seconds)),
            cookie: None,
        }
    }
}

/// An address that a code can go to.
pub struct Way {
    /// The row, for the form.
    pub id: String,
    /// The address, masked.
    pub address: String,
    /// What it is compared by.
    pub key: String,
    /// Whose it is.
    pub user: UserId,
}

impl Way {
    pub fn of(address: &ContactAddress, user: UserId) -> Self {
        Self {
            id: address.id.to_string(),
            address: masked(&address.kind, &address.shown),
            key: address.key.clone(),
            user,
        }
    }
}

/// An e-mail or phone, masked.
pub fn masked(kind: &str, shown: &str) -> String {
    if kind == "email" {
        mask_email(shown)
    } else {
        mask_phone(shown)
    }
}

/// A code with which a person proves something on a page.
pub struct PageCode<'a> {
    /// The page's environment, or the app that it is about.
    pub scope: ChallengeScope,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// Who asks, in the message.
    pub asked_by: &'a str,
    /// Whose address it goes to.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// The browser that it is asked for in: typed in another, it is a wrong one.
    pub session: SessionId,
}

impl PageCode<'_> {
    /// Sends it to an address, of a kind and with a key. Past a budget, for how many seconds to wait instead, which the
    /// page says.
    pub async fn send(
        &self,
        web: &Web,
        context: &Context,
        reader: &Reader,
        (kind, key): (&str, &str),
    ) -> Result<Result<ChallengeId, u32>, Failure> {
        let id = ChallengeId(web.instance.ids.id());
        let (to, channel) = destination(kind, key).map_err(|wrong| Failure::internal(wrong.message))?;
        let asked = Ask {
            id,
            scope: self.scope,
            kind: self.kind,
            asked_by: self.asked_by,
            user: Some(self.user),
            session: Some(self.session),
            purpose: self.purpose,
            to,
            channel,
            language: reader.in_environment(web, self.scope.environment()).language(),
            device: None,
            repeatable: None,
        };
        match ask(web, context, asked).await {
            Ok(_) => Ok(Ok(id)),
            Err(failure) if failure.code == Code::RateLimited => Ok(Err(failure.retry_after.unwrap_or(60))),
            Err(failure) => Err(failure),
        }
    }

    /// Who has typed it; `None` for a wrong one.
    pub async fn check(
        &self,
        web: &Web,
        context: &Context,
        challenge: ChallengeId,
        code: &str,
    ) -> Result<Option<Proven>, Failure> {
        let typed = Try {
            scope: self.scope,
            challenge,
            user: Some(self.user),
            session: Some(self.session),
            purpose: self.purpose,
            kind: None,
            code: code.trim(),
            device: None,
            claim: None,
        };
        Ok(match prove(web, context, typed).await? {
            Call::Done(ProofOutcome::Proven(proven)) => Some(proven),
            _ => None,
        })
    }
}

/// Where a code goes, and over which channel: not WhatsApp, because the text of its template cannot name the purpose.
fn destination(kind: &str, key: &str) -> Result<(Destination, &'static str), Invalid> {
    if kind == "email" {
        Email::parse(key).map(|email| (Destination::Email(email), "email"))
    } else {
        Phone::parse_e164(key).map(|phone| (Destination::Phone(phone), "sms"))
    }
}

/// The browser that asks, which it does from now on if it did not before.
pub fn holder_or_new(web: &Web, known: Option<Token>) -> Token {
    let ids = &web.instance.ids;
    known.unwrap_or_else(|| Token::new(ids.id(), ids.secret()))
}

/// The browser that the person shows something in.
pub fn holder(headers: &HeaderMap, name: &str) -> Option<Token> {
    cookie(headers, name).and_then(Token::parse)
}

/// What the last step left to say, as the page's address tells: a closed list.
pub fn said(uri: &Uri) -> Option<Flash> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find_map(|(name, value)| match (&*name, &*value) {
        ("said", "wrong_code") => Some(Flash::WrongCode),
        ("wait", seconds) => seconds.parse().ok().map(Flash::Wait),
        _ => None,
    })
}

/// Back to the page, which then says how things are.
pub fn back(path: &str, holder: &str, token: &Token, step: &Step) -> Result<Response, Failure> {
    let said = match step.said {
        Some(Flash::Wait(seconds)) => format!("?wait={seconds}"),
        Some(_) => "?said=wrong_code".to_owned(),
        None => String::new(),
    };
    let headers = [
        (LOCATION, format!("{path}/{}{said}", token.expose())),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "same-origin".to_owned()),
    ];
    let response = (StatusCode::SEE_OTHER, headers).into_response();
    match &step.cookie {
        Some(cookie) => held(response, holder, cookie),
        None => Ok(response),
    }
}

/// An answer that makes the browser the one that something is shown in.
pub fn held(mut response: Response, holder: &str, token: &Token) -> Result<Response, Failure> {
    let cookie = format!(
        "{holder}={}; Path=/; Max-Age={HOLDER_SECONDS}; Secure; HttpOnly; SameSite=Lax",
        token.expose()
    );
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Failure::internal(error.to_string()))?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}
