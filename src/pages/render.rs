//! From a template to an answer: headers, problem pages.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE, VARY,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::reader::Reader;
use super::view::{Frame, ProblemPage};
use crate::domain::Language;
use crate::web::Failure;
use crate::words::{Moment, Words};

/// A page with the headers every page has. `return_origin` is where its form may lead besides this server.
pub fn page(
    reader: &Reader,
    status: StatusCode,
    template: &impl Template,
    return_origin: Option<&str>,
) -> Result<Response, Failure> {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{}{}; base-uri 'none'; frame-ancestors 'none'",
        if return_origin.is_some() { " " } else { "" },
        return_origin.unwrap_or_default(),
    );
    page_with(reader, status, template, &policy)
}

/// A page with a content security policy of its own.
pub fn page_with(
    reader: &Reader,
    status: StatusCode,
    template: &impl Template,
    policy: &str,
) -> Result<Response, Failure> {
    let html = template
        .render()
        .map_err(|error| Failure::internal(error.to_string()))?;
    let policy = HeaderValue::from_str(policy).map_err(|error| Failure::internal(error.to_string()))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CONTENT_SECURITY_POLICY, policy),
        (CONTENT_LANGUAGE, HeaderValue::from_static(reader.language().tag())),
        (VARY, HeaderValue::from_static("accept-language, cookie")),
    ];
    let mut response = (status, headers, html).into_response();
    if let Some(cookie) = reader.cookie() {
        let cookie = HeaderValue::from_str(&cookie).map_err(|error| Failure::internal(error.to_string()))?;
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The content security policy of whatever sets no other: problem pages, redirects, assets.
pub const STRICTEST_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page of an error.
pub fn problem(failure: &Failure, status: u16, request_id: &str, language: Language) -> String {
    let page = ProblemPage {
        frame: Frame {
            words: Words(language),
            organization: None,
            sandbox: false,
            flash: None,
            switch: None,
        },
        status,
        retry_after: failure.retry_after,
        request_id,
    };
    page.render().unwrap_or_else(|_| failure.code.title().to_owned())
}

/// A time as pages show it, in UTC.
pub fn moment(time: Timestamp) -> Moment {
    let time = time.to_zoned(TimeZone::UTC);
    Moment {
        year: time.year(),
        month: time.month(),
        day: time.day(),
        hour: time.hour(),
        minute: time.minute(),
    }
}
