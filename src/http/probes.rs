//! `/healthz`, `/readyz`, and `/metrics` on its own address.

use std::sync::OnceLock;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::web::{Context, Web};

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The store answers and its clock is within two seconds of ours; 503 and the reason otherwise.
pub async fn readyz(State(web): State<Web>, context: Context) -> Response {
    let verdict = match web.instance.store.durability().await {
        Err(error) => Err(error.to_string()),
        Ok(durability) => match durability.clock {
            Some(clock) if clock.duration_since(context.now).abs() > jiff::SignedDuration::from_secs(2) => {
                Err("the clock is more than 2 s off the store's".to_owned())
            }
            _ => Ok(()),
        },
    };
    match verdict {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => {
            tracing::warn!(reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready; see the log\n").into_response()
        }
    }
}

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's metrics, installed on first use.
pub fn recorder() -> PrometheusHandle {
    RECORDER
        .get_or_init(|| {
            let buckets = [
                0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
                10.0, 30.0,
            ];
            let builder = PrometheusBuilder::new();
            let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets);
            let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
            let handle = recorder.handle();
            // Another recorder can only be there if a host program installed one; then ours stays empty.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}

/// `GET /metrics` in the Prometheus text format.
pub fn metrics_router(web: Web) -> Router {
    async fn metrics(State(web): State<Web>) -> Response {
        let (operations, commits) = web.instance.store.group_counts();
        metrics::counter!("aboard_store_operations_total").absolute(operations);
        metrics::counter!("aboard_store_commits_total").absolute(commits);
        ([(CONTENT_TYPE, "text/plain; version=0.0.4")], recorder().render()).into_response()
    }
    Router::new().route("/metrics", get(metrics)).with_state(web)
}
