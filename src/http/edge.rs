//! What happens to every request, first and last: id, host, time limit, panics, shape, headers, log.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{HeaderName, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use url::Url;

use super::access_log::{AccessLog, Line};
use super::cors::{self, CrossOrigin};
use super::hosts::Hosts;
use super::protections;
use super::proxies::Proxies;
use super::request_log::{Ending, RequestLog};
use crate::clock::Stopwatch;
use crate::domain::{Code, RequestId};
use crate::pages;
use crate::store::InFlight;
use crate::web::{Context, Failure, Surface, Web, answer_in_shape, count_the_rest};

/// What the edge needs beside the request.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    web: Web,
    in_flight: InFlight,
    log: AccessLog,
    requests: RequestLog,
    hosts: Hosts,
    proxies: Proxies,
    https: bool,
}

impl Edge {
    /// Reads the hosts that are answered from the public URL and `server.hosts`.
    #[must_use]
    pub fn new(web: Web, in_flight: InFlight, log: AccessLog, requests: RequestLog) -> Self {
        let public = Url::parse(&web.public_url).ok();
        let hosts = Hosts::new(&web.config.server, public.as_ref());
        let proxies = Proxies::new(&web.config.server.trusted_proxies);
        let https = public.is_some_and(|url| url.scheme() == "https");
        Self(Arc::new(Inner {
            web,
            in_flight,
            log,
            requests,
            hosts,
            proxies,
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
        requests,
        hosts,
        proxies,
        https,
    } = &*edge.0;
    let watch = Stopwatch::start();
    let running = in_flight.enter();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let surface = Surface::of(request.uri().path());
    let id = RequestId(web.instance.ids.id());
    let asked = hosts.asked(request.uri(), request.headers());
    let address = proxies.caller(peer(&request), request.headers());
    let context = Context::new(
        id,
        web.instance.clock.now(),
        surface,
        address,
        asked.and_then(|asked| asked.pinned),
    );
    let probe = route
        .as_ref()
        .is_some_and(|route| matches!(route.as_str(), "/healthz" | "/readyz"));
    let known_host = probe || asked.is_some();
    let cross_origin = match CrossOrigin::of(surface, &method, request.headers()) {
        Some(call) if known_host => call.of_an_app(web, &context).await,
        _ => None,
    };
    request.extensions_mut().insert(context.clone());
    let response = match cross_origin.as_ref().and_then(CrossOrigin::preflight) {
        Some(preflight) => preflight,
        None if known_host => count_the_rest(web, &context, run(web, request, next).await),
        None => count_the_rest(web, &context, Failure::new(Code::UnknownHost).into_response()),
    };
    let ending = Ending::of(&response);
    let shown_id = id.to_string();
    let mut response = answer_in_shape(response, &context, |failure, status| {
        pages::problem(failure, status, &shown_id)
    });
    let headers = response.headers_mut();
    add_headers(headers, &context, &shown_id, *https);
    cors::add_headers(headers, surface, cross_origin.as_ref());
    drop(running);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status().as_u16();
    let elapsed = watch.elapsed();
    metrics::histogram!("aboard_http_request_seconds", "route" => route.to_owned(), "method" => method_name(&method), "status" => status_text(status))
        .record(elapsed);
    requests.note(&context, &method, route, status, ending, elapsed);
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

/// The route's answer, within the time limit; a panic is a fault like another.
async fn run(web: &Web, request: Request, next: Next) -> Response {
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

/// The other end of the connection.
fn peer(request: &Request) -> IpAddr {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(peer)| peer.ip())
}

fn add_headers(headers: &mut HeaderMap, context: &Context, id: &str, https: bool) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    protections::add_headers(headers, context.surface);
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
