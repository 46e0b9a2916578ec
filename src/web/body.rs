//! What a request carries beside its headers, read so that a refusal has the shape of its surface.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use futures_util::StreamExt as _;

use super::bodies::Counted;
use super::limits::Who;
use super::{Failure, Surface, Web, auth};
use crate::domain::Code;

/// The largest body of a call that somebody without a secret of ours may make: a form, a code, a key, a number.
const SMALL: usize = 16 << 10;
/// The largest body of an operation on a wallet: a message, a hash, a transfer.
const MIDDLING: usize = 64 << 10;
/// The operations that take as much as any call: a document, a transaction with its data.
const LARGE: [&str; 4] = [
    "sign-typed-data",
    "sign-transaction",
    "send-transaction",
    "estimate-gas",
];
/// How many times the largest size is read from a body that is too large, and thrown away: a client that is still
/// writing when the connection closes would see a broken pipe instead of the answer.
const DRAINED: usize = 8;

/// The raw body, within the size limit.
pub struct RawBody(pub Bytes);

/// What a call may send. Calls that anybody may make send little: pages, log-ins, and what proves itself by what the body
/// holds. What makes, moves and opens wallets is as small, and reads its token after the body.
fn most_of(path: &str, largest: usize) -> usize {
    let versions = ["/api/v1/", "/api/v2/"];
    let most = match Surface::of(path) {
        Surface::Pages | Surface::Issuers => SMALL,
        Surface::Wallet => {
            let rest = versions.iter().find_map(|version| path.strip_prefix(version));
            let operation = rest.and_then(|rest| rest.strip_prefix("wallet/"));
            let small = ["refresh", "unlock", "export", "address"];
            match operation {
                None => SMALL,
                Some(call) if small.iter().any(|name| call.starts_with(name)) => SMALL,
                Some(call) if LARGE.contains(&call) => largest,
                Some(_) => MIDDLING,
            }
        }
        Surface::Partner if path == "/api/v1/login" => SMALL,
        Surface::Users if path.starts_with("/v1/login_codes/") => SMALL,
        Surface::Partner | Surface::Users => largest,
    };
    largest.min(most)
}

/// A body and its place among all that are held.
struct Held {
    bytes: Vec<u8>,
    /// Freed with it.
    _counted: Counted,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromRequest<Web> for RawBody {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let largest = web.config.server.body_limit_bytes;
        let limit = most_of(request.uri().path(), largest);
        let drained = largest * DRAINED;
        let (parts, body) = request.into_parts();
        let mut counted = web.bodies.begin(Who::at(auth::context(&parts)?.address));
        let mut body = body.into_data_stream();
        let (mut whole, mut length, mut has_room) = (Vec::new(), 0, true);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| {
                Failure::new(Code::MalformedBody).saying("The body did not arrive whole. Send the request again.")
            })?;
            length += chunk.len();
            if length > drained {
                break;
            }
            if length <= limit && has_room {
                whole.extend_from_slice(&chunk);
                has_room = counted.takes(whole.capacity());
            } else {
                whole = Vec::new();
            }
        }
        if length > limit {
            let too_large = Failure::new(Code::PayloadTooLarge);
            return Err(too_large.saying(format!(
                "The body is larger than the {limit} bytes that this call takes."
            )));
        }
        if !has_room {
            metrics::counter!("aboard_bodies_refused_total").increment(1);
            let full = Failure::new(Code::Unavailable).saying("Too many large bodies are being read. Send it again.");
            return Err(Failure {
                retry_after: Some(1),
                ..full
            });
        }
        let held = Held {
            bytes: whole,
            _counted: counted,
        };
        Ok(Self(Bytes::from_owner(held)))
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
