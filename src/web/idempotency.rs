//! The `Idempotency-Key` header.

use axum::http::HeaderMap;

use super::Failure;
use crate::domain::Invalid;

/// The caller's key, bare or quoted, 1 to 255 visible characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let wrong = || {
        Failure::field(
            "Idempotency-Key",
            Invalid::new("Send an Idempotency-Key of 1 to 255 visible ASCII characters."),
        )
    };
    let text = value.to_str().map_err(|_| wrong())?.trim();
    let bare = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    if bare.is_empty() || bare.len() > 255 {
        return Err(wrong());
    }
    Ok(Some(bare.to_owned()))
}
