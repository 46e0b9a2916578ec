//! The wallet surface: `/api/v1/…` and `/api/v2/…`, answers as `{"status":200,"message":…,"data":…}`.

pub mod auth;

use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};

/// Wraps what a call answers.
fn answer(message: &str, data: &impl Serialize) -> Json<Value> {
    Json(json!({ "status": 200, "message": message, "data": data }))
}
