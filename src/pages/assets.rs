//! `GET /assets/{name}`: the style sheet and the mark, embedded in the binary.

use std::sync::LazyLock;

use aboard_vault::sha256;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::Code;
use crate::web::{Failure, Segment};

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    tag: String,
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        (
            "aboard.css",
            "text/css; charset=utf-8",
            include_str!("../../assets/aboard.css"),
        ),
        ("aboard.svg", "image/svg+xml", include_str!("../../assets/aboard.svg")),
    ]
    .map(|(name, kind, text)| {
        let tag = etag(text.as_bytes());
        Asset { name, kind, text, tag }
    })
});

/// The tag of a file, by what it holds.
pub fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&sha256(bytes)[..12]))
}

/// Whether the browser has the file with this tag.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    known
        .flat_map(|tags| tags.split(','))
        .any(|known| is_same(known.trim(), tag))
}

/// The weak comparison of RFC 9110, 13.1.2: a proxy that compresses marks our tag as weak.
fn is_same(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

/// One file, or 304 when the browser has it.
pub async fn asset(Segment(name): Segment, headers: HeaderMap) -> Result<Response, Failure> {
    let found = ASSETS.iter().find(|asset| name.as_deref() == Some(asset.name));
    let asset = found.ok_or_else(|| Failure::new(Code::RouteNotFound))?;
    let about = [
        (CACHE_CONTROL, "public, max-age=600".to_owned()),
        (ETAG, asset.tag.clone()),
    ];
    if is_known(&headers, &asset.tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(CONTENT_TYPE, asset.kind)], asset.text).into_response())
}
