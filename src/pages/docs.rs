//! `GET /docs`: the reference of the API, where `server.docs` is on; and `GET /openapi/{document}`, what it is made of.
//!
//! The page is a plain index of the operations. Where the reader that `make reference` fetches was there when the
//! server was built, a script puts it in place of the index; nothing comes from another host.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::assets::{etag, is_known};
use super::render::{page_with, plain_frame, words};
use super::view::DocsPage;
use crate::domain::Code;
use crate::web::reference::Document;
use crate::web::{Failure, Segment, Web};

/// What starts the reader.
const START: &str = include_str!("../../assets/docs.js");

/// The reader, compressed, if it was there when the server was built.
const READER: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/reader.rs"));

/// The index of the operations, and the reader.
pub async fn docs(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Failure> {
    let documents = documents(&web)?;
    let settings = reader_settings(&web, documents).to_string();
    let template = DocsPage {
        frame: plain_frame(words(&headers)),
        documents,
        settings: READER.map(|_| settings.as_str()),
    };
    page_with(StatusCode::OK, &template, &policy(documents))
}

/// One document, like `/openapi/users.json`.
pub async fn openapi(State(web): State<Web>, Segment(name): Segment) -> Result<Json<Value>, Failure> {
    let name = name.as_deref().and_then(|name| name.strip_suffix(".json"));
    let document = documents(&web)?.iter().find(|document| Some(document.name) == name);
    let document = document.ok_or_else(|| Failure::new(Code::RouteNotFound))?;
    Ok(Json(document.json.clone()))
}

/// The reader, or what starts it.
pub async fn script(State(web): State<Web>, Segment(name): Segment, headers: HeaderMap) -> Result<Response, Failure> {
    documents(&web)?;
    let (bytes, encoding) = match (name.as_deref(), READER) {
        (Some("start.js"), _) => (START.as_bytes(), "identity"),
        (Some("reader.js"), Some(reader)) => (reader, "gzip"),
        _ => return Err(Failure::new(Code::RouteNotFound)),
    };
    let tag = etag(bytes);
    let kept = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag.clone())];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let about = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CONTENT_ENCODING, encoding),
    ];
    Ok((kept, about, bytes).into_response())
}

fn documents(web: &Web) -> Result<&[Document], Failure> {
    let documents = web.reference.as_deref();
    documents.ok_or_else(|| Failure::new(Code::RouteNotFound))
}

/// Which documents the reader shows, and in `aboard dev` the keys to try them with.
fn reader_settings(web: &Web, documents: &[Document]) -> Value {
    let mut keys = Map::new();
    if let Some(welcome) = &web.welcome {
        keys.insert("PartnerKey".to_owned(), json!({ "value": welcome.partner_key }));
        keys.insert("ServerKey".to_owned(), json!({ "token": welcome.server_key }));
        keys.insert("ClientSecret".to_owned(), json!({ "value": welcome.client_secret }));
    }
    let sources: Vec<Value> = documents
        .iter()
        .map(|document| {
            let schemes = document.json["components"]["securitySchemes"].as_object();
            json!({
                "title": document.title,
                "slug": document.name,
                "url": format!("/openapi/{}.json", document.name),
                "prefers": schemes.and_then(|schemes| schemes.keys().next()),
            })
        })
        .collect();
    json!({ "sources": sources, "keys": keys })
}

/// Scripts are ours alone. The reader writes its styles into the page, and calls the API where its documents say.
fn policy(documents: &[Document]) -> String {
    let servers = documents
        .iter()
        .filter_map(|document| document.json["servers"].as_array());
    let mut origins: Vec<&str> = servers.flatten().filter_map(|server| server["url"].as_str()).collect();
    origins.sort_unstable();
    origins.dedup();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         font-src 'self' data:; connect-src 'self' {}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        origins.join(" ")
    )
}
