//! `{"success":true,"data":{…},"meta":{…}}`

use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};

use crate::web::{Context, context_meta};

/// Wraps what a call answers.
pub fn envelope(context: &Context, data: &impl Serialize) -> Json<Value> {
    Json(json!({ "success": true, "data": data, "meta": context_meta(context) }))
}
