//! What a request carries beside its headers, read so that a refusal has the shape of its surface.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse as _;

use super::Failure;
use crate::domain::Code;

/// The raw body, within the size limit.
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|rejection| {
            if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                Failure::new(Code::PayloadTooLarge)
            } else {
                Failure::new(Code::MalformedBody).saying("The body did not arrive whole. Send the request again.")
            }
        })
    }
}

/// The variable part of a path, decoded; `None` if it is no text that we could have stored: not UTF-8, or
/// with a NUL, which PostgreSQL does not take.
pub struct Segment(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let decoded = Path::<String>::from_request_parts(parts, state).await.ok();
        Ok(Self(decoded.map(|Path(text)| text).filter(|text| !text.contains('\0'))))
    }
}
