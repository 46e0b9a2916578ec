//! The listener's side: the order of the layers, probes, metrics, the request log.

mod access_log;
mod admin_socket;
mod edge;
mod probes;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

pub use access_log::AccessLog;
pub use admin_socket::AdminSocket;
pub use edge::Edge;
pub use probes::{metrics_router, recorder};

use crate::domain::Code;
use crate::store::InFlight;
use crate::web::{Failure, Web};
use crate::{api, pages};

/// The whole server as one service.
pub fn service(web: Web, in_flight: InFlight, log: AccessLog) -> Router {
    let edge = Edge::new(web.clone(), in_flight, log);
    Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .fallback(|| async { Failure::new(Code::RouteNotFound) })
        .method_not_allowed_fallback(|| async { Failure::new(Code::MethodNotAllowed) })
        .layer(from_fn_with_state(edge, edge::edge))
        .with_state(web)
}
