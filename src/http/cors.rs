//! Browsers that call the API surfaces from another origin: only from the origins that an app has registered.
//!
//! A preflight does not say which app it is for, so the origins of every app are let through here. A route that takes an
//! app's credential has to check the pair itself. An origin that nobody registered is told nothing. What an issuer
//! publishes is everybody's.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::web::{Context, Surface, Web};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, x-app-id, x-client-secret, x-device-token";
const ANSWER_HEADERS: &str = "ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, x-request-id, idempotent-replayed, x-device-token";
/// How long a browser may keep the answer to a preflight: two hours, as long as the browsers themselves allow.
const MAX_AGE: &str = "7200";

/// A call from a page of another origin.
pub struct CrossOrigin {
    origin: HeaderValue,
    preflight: bool,
}

impl CrossOrigin {
    /// Whether a call is one whose origin decides: never on pages, and no matter for issuers.
    #[must_use]
    pub fn of(surface: Surface, method: &Method, headers: &HeaderMap) -> Option<Self> {
        if !surface.is_counted() {
            return None;
        }
        Some(Self {
            origin: headers.get(ORIGIN)?.clone(),
            preflight: method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
        })
    }

    /// The same, if an app has registered the origin. A store that cannot say is taken for a no.
    pub async fn of_an_app(self, web: &Web, context: &Context) -> Option<Self> {
        let origin = self.origin.to_str().ok()?;
        match web.instance.store.is_app_origin(origin, context.now).await {
            Ok(known) => known.then_some(self),
            Err(error) => {
                tracing::warn!(request_id = %context.id, %error, "cannot read the apps' origins");
                None
            }
        }
    }

    /// The answer to the question that a browser asks before the call, if this is one.
    #[must_use]
    pub fn preflight(&self) -> Option<Response> {
        let headers = [
            (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ];
        self.preflight
            .then(|| (StatusCode::NO_CONTENT, headers).into_response())
    }

    fn expose(&self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
        if !self.preflight {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
        }
    }
}

/// What an answer of a surface says of origins: to an app's page that it may be read, to caches that it depends.
pub fn add_headers(headers: &mut HeaderMap, surface: Surface, cross_origin: Option<&CrossOrigin>) {
    match surface {
        Surface::Pages => return,
        Surface::Issuers => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        }
        Surface::Partner | Surface::Users | Surface::Wallet => {}
    }
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(cross_origin) = cross_origin {
        cross_origin.expose(headers);
    }
}
