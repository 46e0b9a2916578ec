//! The listener's side: the order of the layers, probes, metrics, the request log.

mod access_log;
mod admin_socket;
mod edge;
mod probes;
mod timings;

use axum::routing::get;

pub use access_log::AccessLog;
pub use admin_socket::AdminSocket;
pub use edge::Edge;
pub use probes::{metrics_router, recorder};

use crate::domain::Code;
use crate::store::InFlight;
use crate::web::{Failure, Routes, Web};
use crate::{api, pages};

/// The whole server as one service.
pub fn service(web: Web, in_flight: InFlight, log: AccessLog) -> Edge {
    let known = Routes::new()
        .merge(api::routes())
        .merge(pages::routes())
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz));
    let (router, templates) = known.into_parts();
    let router = router
        .fallback(|| async { Failure::new(Code::RouteNotFound) })
        .method_not_allowed_fallback(|| async { Failure::new(Code::MethodNotAllowed) })
        .with_state(web.clone());
    Edge::new(web, in_flight, log, router, &templates)
}
