//! What happens to every request, first and last: id, host, time limit, panics, shape, headers, log.

use std::convert::Infallible;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use tower_service::Service;
use url::Url;

use super::access_log::{AccessLog, Line};
use super::timings::Timings;
use crate::clock::Stopwatch;
use crate::domain::{Code, RequestId};
use crate::pages;
use crate::store::{InFlight, InFlightGuard};
use crate::web::{Context, Failure, Surface, Web, answer_in_shape};

/// Most headers that an answer gets here and from its handler: room for them is made once.
const HEADERS: usize = 14;

/// The outermost service: the router, and what surrounds every answer. Written by hand because each layer that the
/// router wraps around its routes costs two allocations and two moves of the request.
#[derive(Clone)]
pub struct Edge {
    shared: Arc<Shared>,
    router: Router,
}

struct Shared {
    web: Web,
    in_flight: InFlight,
    log: AccessLog,
    hosts: Vec<String>,
    https: bool,
    /// Which of `timings` a path belongs to; the last one is of paths that are no route's.
    paths: matchit::Router<usize>,
    timings: Vec<Timings>,
}

/// What is kept of a request while it is answered.
struct Arrival {
    watch: Stopwatch,
    _running: InFlightGuard,
    context: Context,
    method: Method,
    route: usize,
}

impl Edge {
    /// Reads the hosts that are answered from the public URL and `server.hosts`.
    pub fn new(web: Web, in_flight: InFlight, log: AccessLog, router: Router, templates: &[&'static str]) -> Self {
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
        let mut paths = matchit::Router::new();
        for (index, template) in templates.iter().enumerate() {
            // The router has taken each of them by the same rules, or it would have panicked.
            let _ = paths.insert(*template, index);
        }
        let timings = templates.iter().copied().chain(["none"]).map(Timings::new).collect();
        let shared = Arc::new(Shared {
            web,
            in_flight,
            log,
            hosts,
            https,
            paths,
            timings,
        });
        Self { shared, router }
    }
}

impl Service<Request<Incoming>> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Incoming>) -> Self::Future {
        let arrival = self.shared.arrive(&request);
        let probe = matches!(self.shared.timings[arrival.route].route(), "/healthz" | "/readyz");
        let answer = (probe || is_known_host(&request, &self.shared.hosts)).then(|| {
            request.extensions_mut().insert(arrival.context.clone());
            self.router.call(request)
        });
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(shared.answer(arrival, answer).await) })
    }
}

impl Shared {
    fn arrive(&self, request: &Request<Incoming>) -> Arrival {
        let path = request.uri().path();
        let id = RequestId(self.web.instance.ids.id());
        Arrival {
            watch: Stopwatch::start(),
            _running: self.in_flight.enter(),
            context: Context::new(id, self.web.instance.clock.now(), Surface::of(path)),
            method: request.method().clone(),
            route: self.paths.at(path).map_or(self.timings.len() - 1, |found| *found.value),
        }
    }

    /// Runs the route, if the host is known, and puts around its answer what every answer has.
    async fn answer(&self, arrival: Arrival, answer: Option<RouteFuture<Infallible>>) -> Response {
        let response = match answer {
            None => Failure::new(Code::UnknownHost).into_response(),
            Some(answer) => {
                let answer = AssertUnwindSafe(answer).catch_unwind();
                match tokio::time::timeout(self.web.config.server.request_timeout(), answer).await {
                    Ok(Ok(Ok(response))) => response,
                    Ok(Err(_)) => Failure::internal("a handler panicked").into_response(),
                    Err(_) => Failure {
                        retry_after: Some(1),
                        ..Failure::new(Code::Timeout)
                    }
                    .into_response(),
                }
            }
        };
        let context = &arrival.context;
        let id = context.id.text();
        let mut response = answer_in_shape(response, context, |failure, status| {
            pages::problem(failure, status, &id)
        });
        add_headers(response.headers_mut(), context, &id, self.https);
        let timings = &self.timings[arrival.route];
        let status = response.status().as_u16();
        let elapsed = arrival.watch.elapsed();
        timings.record(&arrival.method, status, elapsed);
        self.log.write(|| Line {
            context,
            id: &id,
            method: arrival.method.as_str(),
            route: timings.route(),
            status,
            elapsed,
        });
        response
    }
}

fn is_known_host(request: &Request<Incoming>, hosts: &[String]) -> bool {
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
    headers.reserve(HEADERS - headers.len().min(HEADERS));
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
    let policy = written(format_args!("\"default\";q={};w=60", limit.limit));
    let state = written(format_args!("\"default\";r={};t={}", limit.remaining, limit.reset));
    if let (Some(policy), Some(state)) = (policy, state) {
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
        headers.insert(HeaderName::from_static("ratelimit"), state);
    }
}

/// A short value, put together on the stack.
fn written(text: std::fmt::Arguments<'_>) -> Option<HeaderValue> {
    let mut bytes = [0; 64];
    let mut rest = &mut bytes[..];
    rest.write_fmt(text).ok()?;
    let length = 64 - rest.len();
    HeaderValue::from_bytes(&bytes[..length]).ok()
}
