//! What a request carries beside its headers, read so that a refusal has the shape of its surface.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use futures_util::StreamExt as _;

use super::{Failure, Surface, Web};
use crate::domain::Code;

/// The largest body of a call that somebody without a secret of ours may make: a form, a code, a key, a number.
const SMALL: usize = 16 << 10;
/// How many times the largest size is read from a body that is too large, and thrown away: a client that is still
/// writing when the connection closes would see a broken pipe instead of the answer.
const DRAINED: usize = 8;

/// The raw body, within the size limit.
pub struct RawBody(pub Bytes);

/// Whether a call is one that anybody may make: pages, log-ins, and what proves itself by what the body holds. What makes,
/// moves and opens wallets is as small, and reads its token after the body.
fn is_anybodys(path: &str) -> bool {
    let versions = ["/api/v1/", "/api/v2/"];
    match Surface::of(path) {
        Surface::Pages | Surface::Issuers => true,
        Surface::Wallet => {
            let rest = versions.iter().find_map(|version| path.strip_prefix(version));
            rest.is_some_and(|rest| {
                let operation = rest.strip_prefix("wallet/");
                let small = ["refresh", "unlock", "export", "address"];
                operation.is_none_or(|call| small.iter().any(|name| call.starts_with(name)))
            })
        }
        Surface::Partner => path == "/api/v1/login",
        Surface::Users => path.starts_with("/v1/login_codes/"),
    }
}

impl FromRequest<Web> for RawBody {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let largest = web.config.server.body_limit_bytes;
        let limit = if is_anybodys(request.uri().path()) {
            largest.min(SMALL)
        } else {
            largest
        };
        let drained = largest * DRAINED;
        let mut body = request.into_body().into_data_stream();
        let (mut whole, mut length) = (Vec::new(), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| {
                Failure::new(Code::MalformedBody).saying("The body did not arrive whole. Send the request again.")
            })?;
            length += chunk.len();
            if length <= limit {
                whole.extend_from_slice(&chunk);
            } else if length > drained {
                break;
            }
        }
        if length > limit {
            let too_large = Failure::new(Code::PayloadTooLarge);
            return Err(too_large.saying(format!(
                "The body is larger than the {limit} bytes that this call takes."
            )));
        }
        Ok(Self(whole.into()))
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
