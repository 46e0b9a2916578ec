//! Key services on other machines, without a network.
//!
//! [`Transit`] (`HashiCorp` Vault, `OpenBao`) and [`AwsKms`] are each a [`Kms`](crate::Kms) that says what
//! to ask and reads what is answered. Asking is left to an [`Exchange`], so that what handles keys
//! stays free of sockets, and a test can check every request.

mod aws;
mod sigv4;
mod transit;

pub use aws::{AwsCredentials, AwsKms};
pub use transit::Transit;

use zeroize::Zeroizing;

use crate::{KmsError, Secret};

/// An HTTP request to a key service: always a POST with a JSON body. The body holds a key: send it
/// over TLS and do not log it.
pub struct Request {
    /// Where to, absolute.
    pub url: String,
    /// In lower case, without `host` and `content-length`, which the client knows.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// JSON.
    pub body: Zeroizing<String>,
}

/// What came back.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The whole body. Refuse more than 64 KiB.
    pub body: Secret,
}

/// Sends requests to a key service, and knows the time.
///
/// It blocks: call a remote KMS off the async threads, and keep what it unwraps for a while.
pub trait Exchange: Send + Sync {
    /// Sends one request. The error says why there was no answer; it must hold nothing of the body.
    ///
    /// # Errors
    /// A text for the log.
    fn send(&self, request: &Request) -> Result<Response, String>;

    /// Seconds since 1970, for signatures.
    fn now(&self) -> u64;
}

/// `version | length of the id | id | ciphertext`: a value says which key opens it, so that a wrong
/// one is named and not guessed at.
fn frame(version: u8, id: &str, ciphertext: &[u8]) -> Vec<u8> {
    let len = u8::try_from(id.len()).expect("the id of a key service was cut to fit when it was made");
    [&[version, len], id.as_bytes(), ciphertext].concat()
}

fn unframe<'a>(version: u8, id: &str, wrapped: &'a [u8]) -> Result<&'a [u8], KmsError> {
    let [found, len, rest @ ..] = wrapped else {
        return Err(KmsError::Malformed);
    };
    if *found != version {
        return Err(KmsError::Malformed);
    }
    let (found, ciphertext) = rest.split_at_checked(usize::from(*len)).ok_or(KmsError::Malformed)?;
    if found != id.as_bytes() {
        return Err(KmsError::WrongKey {
            loaded: id.to_owned(),
            found: String::from_utf8_lossy(found).into_owned(),
        });
    }
    Ok(ciphertext)
}

/// A public id of at most 255 bytes.
fn public_id(kind: &str, name: &str) -> String {
    let mut id = format!("{kind}:{name}");
    let mut end = id.len().min(255);
    while !id.is_char_boundary(end) {
        end -= 1;
    }
    id.truncate(end);
    id
}

fn unavailable(why: impl Into<String>) -> KmsError {
    KmsError::Unavailable(why.into())
}
