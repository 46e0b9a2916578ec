//! What a request carries beside its headers, read so that a refusal has the shape of its surface.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use futures_util::StreamExt as _;

use super::{Failure, Web};
use crate::domain::Code;

/// How many times the size limit is read from a body that is too large, and thrown away: a client that is still
/// writing when the connection closes would see a broken pipe instead of the answer.
const DRAINED: usize = 8;

/// The raw body, within the size limit.
pub struct RawBody(pub Bytes);

impl FromRequest<Web> for RawBody {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        Ok(Self(Self::within(request, web.config.server.body_limit_bytes).await?))
    }
}

impl RawBody {
    /// The body of a request, within a limit of its own, in bytes.
    pub async fn within(request: Request, limit: usize) -> Result<Bytes, Failure> {
        let mut body = request.into_body().into_data_stream();
        let (mut whole, mut length) = (Vec::new(), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| {
                Failure::new(Code::MalformedBody).saying("The body did not arrive whole. Send the request again.")
            })?;
            length += chunk.len();
            if length <= limit {
                whole.extend_from_slice(&chunk);
            } else if length > limit * DRAINED {
                break;
            }
        }
        if length > limit {
            return Err(Failure::new(Code::PayloadTooLarge));
        }
        Ok(whole.into())
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
