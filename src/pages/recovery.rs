//! `GET /recovery/{link}`: a wallet's recovery file, for five minutes after it was made.
//!
//! Looking changes nothing, so it may be downloaded any number of times. What opens the file is in the address alone.

use aboard_vault::wallet::mask_file;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};

use crate::domain::{Code, Token};
use crate::sealed;
use crate::web::{Context, Failure, Segment, Web};

/// The file; 404 for a link that is over or was never made.
pub async fn download(State(web): State<Web>, context: Context, Segment(link): Segment) -> Result<Response, Failure> {
    let gone = || {
        let why = "This recovery file can no longer be downloaded: it was there for minutes after it was made.";
        Failure::new(Code::RouteNotFound).saying(why)
    };
    let token = link.as_deref().and_then(Token::parse).ok_or_else(gone)?;
    let found = web.instance.store.secret_link(token.id(), context.now).await?;
    let found = found.filter(|found| token.matches(&found.hash)).ok_or_else(gone)?;
    let aad = sealed::secret_link(found.environment, token.id());
    let opened = web.instance.vault.open(&aad, &found.sealed);
    let opened = opened.map_err(|_| Failure::internal("a recovery file cannot be opened"))?;
    // What it was masked with takes the mask off again.
    let text = mask_file(token.expose().as_bytes(), opened.expose());
    let name = format!("attachment; filename=\"{}.xellar\"", found.wallet);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).map_err(|_| Failure::internal("a file has no name"))?,
        ),
    ];
    Ok((headers, text.to_vec()).into_response())
}
