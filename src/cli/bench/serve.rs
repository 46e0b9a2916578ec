//! Servers that the load generator compares with or sends to.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::print;

static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// Parses a JSON body and answers a JSON body, and nothing else: what HTTP itself costs here.
pub async fn echo() -> anyhow::Result<()> {
    async fn answer(Json(body): Json<Value>) -> Json<Value> {
        Json(json!({ "user": body["partner_user_id"], "active_subscription": false }))
    }
    serve(Router::new().route("/echo", post(answer))).await
}

/// Counts what it is sent.
pub async fn receiver() -> anyhow::Result<()> {
    async fn take(_: Bytes) -> StatusCode {
        RECEIVED.fetch_add(1, Ordering::Relaxed);
        StatusCode::NO_CONTENT
    }
    async fn count() -> String {
        RECEIVED.load(Ordering::Relaxed).to_string()
    }
    serve(Router::new().route("/", get(count).post(take))).await
}

async fn serve(router: Router) -> anyhow::Result<()> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    print::out(&format!("http://{}", listener.local_addr()?))?;
    axum_server::from_tcp(listener)?
        .acceptor(axum_server::accept::NoDelayAcceptor::new())
        .serve(router.into_make_service())
        .await?;
    Ok(())
}
