//! `GET /v1/requests`: what was asked of this environment with a good credential in the last 30 days, newest first.
//!
//! For finding out why a call failed: which key it was, which route, what it was answered and which field was wrong.
//! Never paths, queries, headers, bodies or addresses. Lines are written behind the answers, within a second.

use axum::extract::State;
use serde_json::{Value, json};

use super::envelope::{Enveloped, page, paged};
use super::limit_schema;
use crate::domain::{Invalid, KeyId, KeyKind, KeyScope, RequestId, UserKeyId};
use crate::store::{AnsweredRequest, RequestFilter};
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, Query, ServerKey, Web, whole_seconds};

const USUAL: u32 = 25;
const MOST: u32 = 100;

/// What the reference says of it.
pub fn doc() -> Operation {
    let status = "A status like `429`, or a class like `4xx`.";
    let request = Schema::object([
        always("request_id", Schema::id("req")),
        always("timestamp", Schema::time()),
        always(
            "key_id",
            Schema::text().or_null().says("The key that was sent, if it was one."),
        ),
        always("key_kind", Schema::one_of(&KeyKind::ALL.map(KeyKind::as_str))),
        always("method", Schema::text()),
        always("route", Schema::text().says("A template, or `none`.")),
        always("status", Schema::integer(100, 599)),
        always("error_code", Schema::text().or_null()),
        always("field", Schema::text().or_null()),
        always("duration_us", Schema::count()),
    ]);
    let refused = AnsweredRequest {
        environment: example::ENVIRONMENT,
        id: example::REQUEST,
        key_kind: KeyKind::Server,
        key: Some(example::KEY.0),
        method: "POST".into(),
        route: "/v1/users/link".into(),
        status: 400,
        code: Some("VALIDATION_ERROR".into()),
        field: Some("phone".to_owned()),
        duration_us: 812,
        at: example::time(),
    };
    let example = page(&example::context(), &[shown(&refused)], None).example();
    Operation::new("listRequests", include_str!("requests.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Requests)))
        .query(
            "status",
            Schema::text().pattern("^([1-5][0-9][0-9]|[1-5]xx)$").says(status),
        )
        .query(
            "route",
            Schema::text().says("One route template, like `/api/v1/login`."),
        )
        .query("limit", limit_schema())
        .query(
            "after",
            Schema::id("req").says("`next_cursor` of the page before, or the id of any request."),
        )
        .answers(
            200,
            "A page of requests, the newest first. With a filter it may hold fewer, or none, although more follow.",
            paged(request.named("AnsweredRequest")),
            example,
        )
}

/// 200 with at most `limit` requests (1 to 100, usually 25). `status` is one (`429`) or a class (`4xx`), `route` a
/// template (`/api/v1/login`). Send `meta.next_cursor` as `after` to get the next page; it is `null` on the last. With a
/// filter a page may hold fewer, or none, although more follow. Needs the scope `requests`.
pub async fn requests(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Requests as u8 }>,
    mut query: Query,
) -> Result<Enveloped, Failure> {
    let filter = RequestFilter {
        before: query.optional("after", after)?,
        statuses: query.optional("status", statuses)?.unwrap_or((0, u16::MAX)),
        route: query.optional("route", |text| Ok(text.to_owned()))?,
        limit: query.optional("limit", limit)?.unwrap_or(USUAL),
    };
    let found = web.instance.store.requests(&scope, &filter).await?;
    let data: Vec<Value> = found.requests.iter().map(shown).collect();
    Ok(page(&context, &data, found.next.map(|id| id.to_string())))
}

fn shown(request: &AnsweredRequest) -> Value {
    let key = request.key.map(|key| match request.key_kind {
        KeyKind::User => UserKeyId(key).to_string(),
        KeyKind::Partner | KeyKind::Server | KeyKind::Client => KeyId(key).to_string(),
    });
    json!({
        "request_id": request.id,
        "timestamp": whole_seconds(request.at),
        "key_id": key,
        "key_kind": request.key_kind.as_str(),
        "method": request.method,
        "route": request.route,
        "status": request.status,
        "error_code": request.code,
        "field": request.field,
        "duration_us": request.duration_us,
    })
}

/// One status, or all of a class.
fn statuses(text: &str) -> Result<(u16, u16), Invalid> {
    let class = text.strip_suffix("xx").and_then(|class| class.parse().ok());
    let read = match class {
        Some(class @ 1..=5) => Some((class * 100, class * 100 + 99)),
        Some(_) => None,
        None => text.parse().ok().map(|status| (status, status)),
    };
    read.filter(|(lowest, _)| (100..600).contains(lowest))
        .ok_or_else(|| Invalid::new("Send a status like 429, or a class like 4xx."))
}

fn limit(text: &str) -> Result<u32, Invalid> {
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| Invalid::new(format!("Send a limit of 1 to {MOST}.")))
}

fn after(text: &str) -> Result<RequestId, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("Send the next_cursor of the page before, or a request's id."))
}
