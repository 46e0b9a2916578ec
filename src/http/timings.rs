//! How long requests took, by route, method and status. Handles are kept: a look-up by labels in the recorder
//! allocates and hashes each label, on every request.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::http::Method;
use metrics::Histogram;

use super::method_names::name_of;

/// The histograms of one route, made when they are first needed.
pub struct Timings {
    route: &'static str,
    known: RwLock<Vec<(&'static str, u16, Histogram)>>,
}

impl Timings {
    /// Of a route by its template.
    pub fn new(route: &'static str) -> Self {
        Self {
            route,
            known: RwLock::default(),
        }
    }

    /// The template.
    pub fn route(&self) -> &'static str {
        self.route
    }

    /// Counts one request.
    pub fn record(&self, method: &Method, status: u16, elapsed: Duration) {
        let method = name_of(method);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let kept = known.iter().find(|kept| kept.1 == status && kept.0 == method);
        if let Some((.., histogram)) = kept {
            histogram.record(elapsed);
            return;
        }
        drop(known);
        let histogram = metrics::histogram!("aboard_http_request_seconds", "route" => self.route, "method" => method, "status" => status.to_string());
        histogram.record(elapsed);
        // Two requests may both get here; a second entry is the same histogram and is never looked at.
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.push((method, status, histogram));
    }
}
