//! `GET /e/{environment}/.well-known/jwks.json`: the public keys of an environment's tokens (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::{Code, EnvironmentId};
use crate::web::{Failure, Segment, Web};

/// The published keys; 404 for an environment that does not exist.
pub async fn jwks(State(web): State<Web>, Segment(environment): Segment) -> Result<Response, Failure> {
    let not_found = || Failure::new(Code::RouteNotFound);
    let environment: EnvironmentId = environment.and_then(|text| text.parse().ok()).ok_or_else(not_found)?;
    let keys = web.tokens.published(environment).ok_or_else(not_found)?;
    Ok(([(CACHE_CONTROL, "public, max-age=300")], Json(json!({ "keys": keys }))).into_response())
}
