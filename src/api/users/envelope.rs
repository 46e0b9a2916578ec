//! `{"success":true,"data":{…},"meta":{…}}`

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::store::SavedAnswer;
use crate::web::reference::{Schema, always, meta};
use crate::web::{Context, Failure, context_meta, mark_replayed};

/// Wraps what a call answers.
pub fn envelope(context: &Context, data: &impl Serialize) -> Json<Value> {
    Json(json!({ "success": true, "data": data, "meta": context_meta(context) }))
}

/// The schema of an answer that holds this.
pub fn enveloped(data: Schema) -> Schema {
    Schema::object([
        always("success", Schema::just(true)),
        always("data", data),
        always("meta", Schema::object(meta()).named("Meta")),
    ])
}

/// The schema of a page of a list.
pub fn paged(item: Schema) -> Schema {
    let [request_id, timestamp] = meta();
    let next = Schema::text()
        .or_null()
        .says("Send it as `after` to get the next page; `null` on the last.");
    let meta = Schema::object([
        request_id,
        timestamp,
        always("has_more", Schema::boolean()),
        always("next_cursor", next),
    ]);
    Schema::object([
        always("success", Schema::just(true)),
        always("data", Schema::list(item)),
        always("meta", meta.named("PageMeta")),
    ])
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
    mark_replayed(response.headers_mut());
    Ok(Some(response))
}
