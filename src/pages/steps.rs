//! What the pages share on which a person proves something with a code: where codes may go, and the way back to the page.
//!
//! Every form leads back to its page, so that a reload repeats nothing.

use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::masks::{mask_email, mask_phone};
use super::reader::cookie;
use super::words::Flash;
use crate::domain::{Code, Destination, Email, Invalid, Phone, Token, UserId};
use crate::store::ContactAddress;
use crate::web::codes::{Ask, ask};
use crate::web::{Context, Failure, Web};

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

/// Where a code goes, and over which channel: not WhatsApp, because the text of its template cannot name the purpose.
pub fn destination(kind: &str, key: &str) -> Result<(Destination, &'static str), Invalid> {
    if kind == "email" {
        Email::parse(key).map(|email| (Destination::Email(email), "email"))
    } else {
        Phone::parse_e164(key).map(|phone| (Destination::Phone(phone), "sms"))
    }
}

/// Sends a code; past a budget the page says how long to wait instead.
pub async fn send_code(web: &Web, context: &Context, asked: Ask<'_>) -> Result<Option<Step>, Failure> {
    match ask(web, context, asked).await {
        Ok(_) => Ok(None),
        Err(failure) if failure.code == Code::RateLimited => Ok(Some(Step::wait(failure.retry_after.unwrap_or(60)))),
        Err(failure) => Err(failure),
    }
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
    let mut response = (StatusCode::SEE_OTHER, headers).into_response();
    if let Some(cookie) = &step.cookie {
        let cookie = format!(
            "{holder}={}; Path=/; Max-Age={HOLDER_SECONDS}; Secure; HttpOnly; SameSite=Lax",
            cookie.expose()
        );
        let cookie = HeaderValue::from_str(&cookie).map_err(|error| Failure::internal(error.to_string()))?;
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
