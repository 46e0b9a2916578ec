//! The listener's side: the order of the layers, probes, metrics, the request log.

mod access_log;
mod admin_socket;
mod arriving;
mod connections;
mod cors;
mod edge;
mod hosts;
mod method_names;
mod patient;
mod probes;
mod protections;
mod proxies;
mod request_log;
mod timings;
mod unknown;

use axum::routing::get;

pub use access_log::AccessLog;
pub use admin_socket::AdminSocket;
pub use connections::Connections;
pub use edge::Edge;
pub use patient::Patience;
pub use probes::{metrics_router, recorder};
pub use request_log::RequestLog;

use crate::store::InFlight;
use crate::web::{Routes, Web};
use crate::{api, pages};

/// The whole server as one service.
pub fn service(web: Web, in_flight: InFlight, log: AccessLog, requests: RequestLog) -> Edge {
    let known = Routes::new()
        .merge(api::routes())
        .merge(pages::routes())
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz));
    let (router, templates) = known.into_parts();
    let router = router
        .fallback(unknown::route)
        .method_not_allowed_fallback(unknown::method)
        .with_state(web.clone());
    Edge::new(web, in_flight, log, requests, router, &templates)
}
