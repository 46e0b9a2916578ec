//! `GET /`: the welcome page of `aboard dev`; nothing in `aboard serve`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::reader::Reader;
use super::render::page;
use super::view::HomePage;
use crate::domain::Code;
use crate::web::{Failure, Web};

/// What this is, where things are, and a first call to paste.
pub async fn home(State(web): State<Web>, reader: Reader) -> Result<Response, Failure> {
    let welcome = web.welcome.as_ref().ok_or_else(|| Failure::new(Code::RouteNotFound))?;
    let template = HomePage {
        frame: reader.plain_frame(),
        public_url: &web.public_url,
        metrics_url: welcome.metrics_url.as_deref(),
        inbox: &welcome.inbox_path(),
        partner_key: &welcome.partner_key,
        sample_email: "user@example.com",
        sample_user_id: "abc123",
        sample_phone: "1234567890",
    };
    page(&reader, StatusCode::OK, &template, None)
}
