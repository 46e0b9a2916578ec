//! Reading what others publish: the keys of a provider, what it says of a token.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CACHE_CONTROL, HeaderMap};
use tokio::time::timeout;

use super::client::{Outbound, SendError, in_few_words};
use crate::domain::EnvironmentKind;

/// A longer document is none that we asked for.
pub const LONGEST_DOCUMENT: usize = 64 << 10;

/// What was answered, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// How long a copy may be kept (RFC 9111, 5.2.2.1), if the answer says so.
    pub max_age: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

impl Outbound {
    /// Sends a GET for an environment of this kind and reads the answer to its end, whatever its status.
    ///
    /// # Errors
    /// There is no answer, or it does not end in time or within [`LONGEST_DOCUMENT`]; see [`SendError`].
    pub async fn get(&self, kind: EnvironmentKind, url: &str) -> Result<Fetched, SendError> {
        let url = self.guard.check_url(url, kind).map_err(|_| SendError::Refused)?;
        let client = match kind {
            EnvironmentKind::Sandbox => &self.sandbox,
            EnvironmentKind::Production => &self.production,
        };
        let exchange = async {
            let response = client.get(url).send().await.map_err(|error| in_few_words(&error))?;
            read(response).await
        };
        timeout(self.timeout, exchange).await.unwrap_or(Err(SendError::TimeOut))
    }
}

async fn read(mut response: Response) -> Result<Fetched, SendError> {
    let (status, max_age) = (response.status().as_u16(), max_age(response.headers()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| in_few_words(&error))? {
        if body.len() + chunk.len() > LONGEST_DOCUMENT {
            return Err(SendError::NotHttp);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { status, max_age, body })
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(CACHE_CONTROL)?.to_str().ok()?;
    let seconds = text
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age="))
        .and_then(|seconds| seconds.trim_matches('"').parse().ok());
    seconds.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_read_among_other_directives() {
        for (text, seconds) in [
            ("public, max-age=20000, must-revalidate", Some(20_000)),
            ("max-age=\"60\"", Some(60)),
            ("no-store", None),
            ("max-age=soon", None),
        ] {
            let headers = [(CACHE_CONTROL, text.parse().unwrap())].into_iter().collect();
            assert_eq!(max_age(&headers), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
