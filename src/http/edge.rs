//! What happens to every request, first and last: id, host, time limit, panics, shape, headers, log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use url::Url;

use super::access_log::{AccessLog, Line};
use crate::clock::Stopwatch;
use crate::domain::{Code, RequestId};
use crate::pages;
use crate::store::InFlight;
use crate::web::{Context, Failure, Surface, Web, answer_in_shape};

/// What the edge needs beside the request.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    web: Web,
    in_flight: InFlight,
    log: AccessLog,
    hosts: Vec<String>,
    https: bool,
}

impl Edge {
    /// Reads the hosts that are answered from the public URL and `server.hosts`.
    #[must_use]
    pub fn new(web: Web, in_flight: InFlight, log: AccessLog) -> Self {
        let authority = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
        };
        let public = Url::parse(&web.public_url).ok();
        let mut hosts: Vec<String> = web
            .config
            .server
            .hosts
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        hosts.extend(public.as_ref().map(authority));
        let https = public.is_some_and(|url| url.scheme() == "https");
        Self(Arc::new(Inner {
            web,
            in_flight,
            log,
            hosts,
            https,
        }))
    }
}

/// The outermost layer.
pub async fn edge(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let Inner {
        web,
        in_flight,
        log,
        hosts,
        https,
    } = &*edge.0;
    let watch = Stopwatch::start();
    let running = in_flight.enter();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let surface = Surface::of(request.uri().path());
    let id = RequestId(web.instance.ids.id());
    let context = Context::new(id, web.instance.clock.now(), surface);
    let probe = route
        .as_ref()
        .is_some_and(|route| matches!(route.as_str(), "/healthz" | "/readyz"));
    let known_host = probe || is_known_host(&request, hosts);
    request.extensions_mut().insert(context.clone());
    let response = if known_host {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
        match tokio::time::timeout(web.config.server.request_timeout(), answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => Failure::internal("a handler panicked").into_response(),
            Err(_) => Failure {
                retry_after: Some(1),
                ..Failure::new(Code::Timeout)
            }
            .into_response(),
        }
    } else {
        Failure::new(Code::UnknownHost).into_response()
    };
    let shown_id = id.to_string();
    let mut response = answer_in_shape(response, &context, |failure, status| {
        pages::problem(failure, status, &shown_id)
    });
    add_headers(response.headers_mut(), &context, &shown_id, *https);
    drop(running);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status().as_u16();
    let elapsed = watch.elapsed();
    metrics::histogram!("aboard_http_request_seconds", "route" => route.to_owned(), "method" => method_name(&method), "status" => status_text(status))
        .record(elapsed);
    log.write(|| Line {
        context: &context,
        id: &shown_id,
        method: method.as_str(),
        route,
        status,
        elapsed,
    });
    response
}

fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Statuses as metrics labels, without an allocation for the usual ones.
fn status_text(status: u16) -> std::borrow::Cow<'static, str> {
    match status {
        200 => "200".into(),
        303 => "303".into(),
        401 => "401".into(),
        404 => "404".into(),
        other => other.to_string().into(),
    }
}

fn is_known_host(request: &Request, hosts: &[String]) -> bool {
    let is_known = |host: &str| hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
    let mut named = request
        .headers()
        .get_all(HOST)
        .iter()
        .map(|host| host.to_str().is_ok_and(is_known));
    // One Host header, no more (RFC 9112, 3.2); a request line that names a host has to name a known one as well.
    let header = named.next() == Some(true) && named.next().is_none();
    header
        && request
            .uri()
            .authority()
            .is_none_or(|authority| is_known(authority.as_str()))
}

fn add_headers(headers: &mut HeaderMap, context: &Context, id: &str, https: bool) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let (name, value) = match context.surface {
        Surface::Pages => (CONTENT_SECURITY_POLICY, pages::STRICTEST_POLICY),
        _ => (CACHE_CONTROL, "no-store"),
    };
    headers.entry(name).or_insert(HeaderValue::from_static(value));
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("same-origin"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    let Some(limit) = context.limit() else { return };
    headers.insert(
        HeaderName::from_static("x-ratelimit-limit"),
        HeaderValue::from(limit.limit),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-remaining"),
        HeaderValue::from(limit.remaining),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-reset"),
        HeaderValue::from(limit.reset_at),
    );
    let policy = HeaderValue::from_str(&format!("\"default\";q={};w=60", limit.limit));
    let state = HeaderValue::from_str(&format!("\"default\";r={};t={}", limit.remaining, limit.reset));
    if let (Ok(policy), Ok(state)) = (policy, state) {
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
        headers.insert(HeaderName::from_static("ratelimit"), state);
    }
}
