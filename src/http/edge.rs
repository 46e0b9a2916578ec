//! What happens to every request, first and last: id, host, time limit, panics, shape, headers, log.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::header::{HeaderName, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use tower_service::Service;
use url::Url;

use super::access_log::{AccessLog, Line};
use super::arriving::watched;
use super::cors::{self, CrossOrigin};
use super::hosts::Hosts;
use super::method_names::name_of;
use super::protections;
use super::proxies::Proxies;
use super::request_log::{Ending, RequestLog};
use super::timings::Timings;
use crate::clock::Stopwatch;
use crate::domain::{Code, Language, RequestId};
use crate::pages;
use crate::store::{InFlight, InFlightGuard};
use crate::web::{Context, Failure, Surface, Web, answer_in_shape, count_the_rest};

/// Most headers that an answer gets here and from its handler: room for them is made once.
const HEADERS: usize = 20;

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
    requests: RequestLog,
    hosts: Hosts,
    proxies: Proxies,
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
    cross_origin: Option<CrossOrigin>,
    /// For the page of an error.
    language: Language,
    known_host: bool,
    route: usize,
}

impl Edge {
    /// Reads the hosts that are answered from the public URL and `server.hosts`.
    pub fn new(
        web: Web,
        in_flight: InFlight,
        log: AccessLog,
        requests: RequestLog,
        router: Router,
        templates: &[&'static str],
    ) -> Self {
        let public = Url::parse(&web.public_url).ok();
        let hosts = Hosts::new(&web.config.server, public.as_ref());
        let proxies = Proxies::new(&web.config.server.trusted_proxies);
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
            requests,
            hosts,
            proxies,
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
        let answer = arrival.known_host.then(|| {
            request.extensions_mut().insert(arrival.context.clone());
            let grace = self.shared.web.config.server.header_timeout();
            self.router.call(watched(request, grace))
        });
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(shared.answer(arrival, answer).await) })
    }
}

impl Shared {
    fn arrive(&self, request: &Request<Incoming>) -> Arrival {
        let (uri, headers) = (request.uri(), request.headers());
        let (path, method) = (uri.path(), request.method());
        let route = self.paths.at(path).map_or(self.timings.len() - 1, |found| *found.value);
        let asked = self.hosts.asked(uri, headers);
        let probe = matches!(self.timings[route].route(), "/healthz" | "/readyz");
        let (surface, id) = (Surface::of(path), RequestId(self.web.instance.ids.id()));
        let address = self.proxies.caller(peer(request), headers);
        let now = self.web.instance.clock.now();
        Arrival {
            watch: Stopwatch::start(),
            _running: self.in_flight.enter(),
            context: Context::new(id, now, surface, address, asked.and_then(|asked| asked.pinned)),
            method: method.clone(),
            cross_origin: CrossOrigin::of(surface, method, headers),
            language: self.language(surface, uri, headers),
            known_host: probe || asked.is_some(),
            route,
        }
    }

    fn language(&self, surface: Surface, uri: &Uri, headers: &HeaderMap) -> Language {
        let wanted = (surface == Surface::Pages)
            .then(|| pages::wanted(uri, headers))
            .flatten();
        wanted.unwrap_or_else(|| self.web.instance.settings.base().login.language())
    }

    /// The route's answer, within the time limit; a panic is a fault like another.
    async fn run(&self, answer: RouteFuture<Infallible>) -> Response {
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

    /// Runs the route, if the host is known, and puts around its answer what every answer has.
    async fn answer(&self, mut arrival: Arrival, answer: Option<RouteFuture<Infallible>>) -> Response {
        let context = &arrival.context;
        let cross_origin = match arrival.cross_origin.take() {
            Some(call) if answer.is_some() => call.of_an_app(&self.web, context).await,
            _ => None,
        };
        let preflight = cross_origin.as_ref().and_then(CrossOrigin::preflight);
        let response = match (preflight, answer) {
            (Some(preflight), _) => preflight,
            (None, None) => count_the_rest(&self.web, context, Failure::new(Code::UnknownHost).into_response()),
            (None, Some(answer)) => count_the_rest(&self.web, context, self.run(answer).await),
        };
        let ending = Ending::of(&response);
        let id = context.id.text();
        let mut response = answer_in_shape(response, context, |failure, status| {
            pages::problem(failure, status, &id, arrival.language)
        });
        let headers = response.headers_mut();
        add_headers(headers, context, &id, self.https);
        cors::add_headers(headers, context.surface, cross_origin.as_ref());
        let timings = &self.timings[arrival.route];
        let status = response.status().as_u16();
        let elapsed = arrival.watch.elapsed();
        timings.record(&arrival.method, status, elapsed);
        self.requests
            .note(context, &arrival.method, timings.route(), status, ending, elapsed);
        self.log.write(|| Line {
            context,
            id: &id,
            method: name_of(&arrival.method),
            route: timings.route(),
            status,
            elapsed,
        });
        response
    }
}

/// The other end of the connection.
fn peer(request: &Request<Incoming>) -> IpAddr {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(peer)| peer.ip())
}

fn add_headers(headers: &mut HeaderMap, context: &Context, id: &str, https: bool) {
    headers.reserve(HEADERS - headers.len().min(HEADERS));
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
