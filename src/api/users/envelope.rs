//! `{"success":true,"data":{…},"meta":{…}}`

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::store::SavedAnswer;
use crate::web::{Context, Failure, context_meta};

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

/// What a call with an `Idempotency-Key` answered before, in an envelope of now. Secrets are never saved: `restore`
/// puts back those that can be derived again. `None` if the answer is gone, because what it told of was erased.
pub fn replay(
    context: &Context,
    saved: &SavedAnswer,
    restore: impl FnOnce(&mut Map<String, Value>),
) -> Result<Option<Response>, Failure> {
    let Some(body) = &saved.body else {
        return Ok(None);
    };
    let unreadable = |_| Failure::internal("a saved answer cannot be read");
    let mut data: Map<String, Value> = serde_json::from_str(body).map_err(unreadable)?;
    restore(&mut data);
    let mut response = envelope(context, &data).into_response();
    *response.status_mut() = StatusCode::from_u16(saved.status).unwrap_or_default();
    response.headers_mut().insert(
        HeaderName::from_static("idempotent-replayed"),
        HeaderValue::from_static("true"),
    );
    Ok(Some(response))
}
