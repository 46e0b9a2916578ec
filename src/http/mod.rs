//! The listener's side: the order of the layers, probes, metrics, the request log.

mod access_log;
mod admin_socket;
mod cors;
mod edge;
mod hosts;
mod probes;
mod protections;
mod proxies;
mod request_log;
mod unknown;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

pub use access_log::AccessLog;
pub use admin_socket::AdminSocket;
pub use edge::Edge;
pub use probes::{metrics_router, recorder};
pub use request_log::RequestLog;

use crate::store::InFlight;
use crate::web::Web;
use crate::{api, pages};

/// The whole server as one service.
pub fn service(web: Web, in_flight: InFlight, log: AccessLog, requests: RequestLog) -> Router {
    let edge = Edge::new(web.clone(), in_flight, log, requests);
    Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .fallback(unknown::route)
        .method_not_allowed_fallback(unknown::method)
        .layer(from_fn_with_state(edge, edge::edge))
        .with_state(web)
}
