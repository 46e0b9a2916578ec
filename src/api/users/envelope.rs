//! `{"success":true,"data":{…},"meta":{…}}`

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::store::SavedAnswer;
use crate::web::reference::{Schema, always, meta};
use crate::web::{Context, Failure, Meta, mark_replayed};

/// An answer in its envelope, written out: nobody reads it again.
pub struct Enveloped(Vec<u8>);

#[derive(Serialize)]
struct Envelope<T, M> {
    success: bool,
    data: T,
    meta: M,
}

/// `meta` of a page.
#[derive(Serialize)]
struct PageMeta {
    #[serde(flatten)]
    meta: Meta,
    has_more: bool,
    next_cursor: Option<String>,
}

impl Enveloped {
    fn of(data: &impl Serialize, meta: impl Serialize) -> Self {
        let success = true;
        // Nothing that is shown can fail to be written: no map has a key that is no text.
        Self(serde_json::to_vec(&Envelope { success, data, meta }).unwrap_or_default())
    }

    /// As the reference shows it.
    pub fn example(&self) -> Value {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }
}

impl IntoResponse for Enveloped {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, json)], self.0).into_response()
    }
}

/// Wraps what a call answers.
pub fn envelope(context: &Context, data: &impl Serialize) -> Enveloped {
    Enveloped::of(data, context.meta())
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
pub fn page(context: &Context, data: &[impl Serialize], next_cursor: Option<String>) -> Enveloped {
    open_page(context, data, next_cursor.is_some(), next_cursor)
}

/// Wraps a page of a list that has a place to go on from even where nothing more is there yet.
pub fn open_page(context: &Context, data: &[impl Serialize], has_more: bool, next_cursor: Option<String>) -> Enveloped {
    let meta = context.meta();
    let meta = PageMeta {
        meta,
        has_more,
        next_cursor,
    };
    Enveloped::of(&data, meta)
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
