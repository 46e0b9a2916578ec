//! `{"success":true,"data":{…},"meta":{…}}`

use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};

use crate::web::{Context, context_meta};

/// Wraps what a call answers.
pub fn envelope(context: &Context, data: &impl Serialize) -> Json<Value> {
    Json(json!({ "success": true, "data": data, "meta": context_meta(context) }))
}

/// Wraps a page of a list: `meta` says whether there is more, and what to send as `after` to get it.
pub fn page(context: &Context, data: &[Value], next_cursor: Option<String>) -> Json<Value> {
    let mut meta = context_meta(context);
    meta["has_more"] = next_cursor.is_some().into();
    meta["next_cursor"] = next_cursor.into();
    Json(json!({ "success": true, "data": data, "meta": meta }))
}
