//! The client of all calls to addresses that are not the operator's own: bounded in time and size, and it
//! goes where the guard lets it.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response};
use tokio::time::timeout;

use super::guard::{Guard, Refused};
use super::resolve::{GuardedResolver, Lookup, SystemLookup};
use super::trust::trusting;
use crate::domain::EnvironmentKind;

/// More of an answer's body is never read.
pub const LONGEST_BODY: usize = 4_096;
/// Once its status is known, an answer's body is waited for no longer than this.
const BODY_TIME: Duration = Duration::from_secs(2);
/// Servers close idle connections, many after five seconds: this end does it before they do, since a request
/// that meets a closing connection fails.
const IDLE_TIME: Duration = Duration::from_secs(4);
/// Idle connections that are kept for each host.
const IDLE_PER_HOST: usize = 32;

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub struct OutboundOptions {
    /// Until there is a connection.
    pub connect_timeout: Duration,
    /// In all.
    pub timeout: Duration,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
        }
    }
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the receiver asks to wait before the next call (RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
    /// At most [`LONGEST_BODY`] bytes of the body.
    pub body: Vec<u8>,
}

/// Why there is no answer. The words are safe to store and to show: no address, no body, and nothing that tells a name
/// which nobody has from one that stands for an address inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address, or one that its name stands for, may not be called.
    #[error("the address cannot be called")]
    Refused,
    /// The name has no address, or the name servers do not answer.
    #[error("the address cannot be called")]
    NameNotFound,
    /// There was no connection: nothing was sent.
    #[error("connection failed")]
    NotConnected,
    /// The connection was lost before an answer came: what was sent may have arrived.
    #[error("connection failed")]
    Connection,
    /// The certificate is not valid for the host, or the port does not speak TLS.
    #[error("TLS failed")]
    Tls,
    /// No answer in time.
    #[error("time-out")]
    TimeOut,
    /// What came back is not HTTP.
    #[error("not an HTTP answer")]
    NotHttp,
}

/// The guarded client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    pub(super) guard: Guard,
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    // One for each kind of environment: a connection that a sandbox may have is never lent to production.
    pub(super) sandbox: Client,
    pub(super) production: Client,
}

impl Outbound {
    /// A client that asks the machine's own resolver.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(guard: Guard, options: OutboundOptions) -> Result<Self, reqwest::Error> {
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        Self::with_lookup(guard, options, &lookup)
    }

    /// A client that asks another resolver.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn with_lookup(
        guard: Guard,
        options: OutboundOptions,
        lookup: &Arc<dyn Lookup>,
    ) -> Result<Self, reqwest::Error> {
        let client = |kind| {
            let resolver = Arc::new(GuardedResolver {
                guard: guard.clone(),
                kind,
                lookup: Arc::clone(lookup),
            });
            builder(options, resolver).build()
        };
        Ok(Self {
            sandbox: client(EnvironmentKind::Sandbox)?,
            production: client(EnvironmentKind::Production)?,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            lookup: Arc::clone(lookup),
            guard,
        })
    }

    /// The longest that a call takes.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a POST for an environment of this kind and waits for the answer, whatever its status.
    ///
    /// # Errors
    /// There is no answer; see [`SendError`].
    pub async fn post(
        &self,
        kind: EnvironmentKind,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, SendError> {
        // Numeric hosts never meet the resolver, and the rules may have changed since the address was stored.
        let url = self.guard.check_url(url, kind).map_err(|_| SendError::Refused)?;
        let client = match kind {
            EnvironmentKind::Sandbox => &self.sandbox,
            EnvironmentKind::Production => &self.production,
        };
        let mut answer = None;
        let exchange = async {
            let response = client.post(url).headers(headers).body(body).send().await?;
            read(response, &mut answer).await;
            Ok::<_, reqwest::Error>(())
        };
        let ended = timeout(self.timeout, exchange).await;
        match (answer, ended) {
            // A status is an answer, even if its body never ends.
            (Some(answer), _) => Ok(answer),
            (None, Ok(Err(error))) => Err(in_few_words(&error)),
            (None, _) => Err(SendError::TimeOut),
        }
    }
}

fn builder(options: OutboundOptions, resolver: Arc<GuardedResolver>) -> ClientBuilder {
    trusting(Client::builder())
        .user_agent(concat!("Aboard/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIME)
        .dns_resolver(resolver)
}

/// Writes down the status at once, and then what comes of the body. A body that is read to its end leaves a
/// connection that can be used again; any other is closed.
async fn read(mut response: Response, answer: &mut Option<Answer>) {
    let answer = answer.insert(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after(response.headers()),
        body: Vec::new(),
    });
    let body = async {
        while answer.body.len() < LONGEST_BODY {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            let room = LONGEST_BODY - answer.body.len();
            answer.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
    };
    // Whether it ended or not: the status is what counts.
    let _ = timeout(BODY_TIME, body).await;
}

/// `Retry-After` in seconds, or as a date, which is compared with the receiver's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| DateTimeParser::new().parse_timestamp(text.trim()).ok();
    let now = date(headers.get(DATE)?.to_str().ok()?)?;
    date(text)?.duration_since(now).try_into().ok()
}

/// Why a call failed, in words that are safe to store and to show.
pub(crate) fn in_few_words(error: &reqwest::Error) -> SendError {
    let causes = causes(error);
    let is_not_http = |cause: &&(dyn Error + 'static)| {
        let hyper = cause.downcast_ref::<hyper::Error>();
        hyper.is_some_and(hyper::Error::is_parse)
    };
    if error.is_timeout() {
        if error.is_connect() {
            SendError::NotConnected
        } else {
            SendError::TimeOut
        }
    } else if causes.iter().any(|cause| cause.is::<Refused>()) {
        SendError::Refused
    } else if error.is_dns() {
        SendError::NameNotFound
    } else if causes.iter().any(|cause| cause.is::<rustls::Error>()) {
        SendError::Tls
    } else if causes.iter().any(is_not_http) {
        SendError::NotHttp
    } else if error.is_connect() {
        SendError::NotConnected
    } else {
        SendError::Connection
    }
}

/// An error and what it comes from. I/O errors do not show the error that they wrap as their source.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut causes: Vec<&(dyn Error + 'static)> = vec![error];
    while let Some(&last) = causes.last() {
        let wrapped = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped
            .map(|wrapped| wrapped as &(dyn Error + 'static))
            .or_else(|| last.source())
        {
            Some(cause) => causes.push(cause),
            None => break,
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(reqwest::header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let seconds = headers(&[(RETRY_AFTER, "90")]);
        assert_eq!(retry_after(&seconds), Some(Duration::from_secs(90)));
        let date = headers(&[
            (RETRY_AFTER, "Wed, 21 Oct 2026 07:28:30 GMT"),
            (DATE, "Wed, 21 Oct 2026 07:28:00 GMT"),
        ]);
        assert_eq!(retry_after(&date), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_retry_after_that_says_nothing_is_none() {
        for text in ["-1", "soon", "", "1.5", "Wed, 21 Oct 2026 07:28:30 GMT"] {
            assert_eq!(retry_after(&headers(&[(RETRY_AFTER, text)])), None, "{text}");
        }
        let past = headers(&[
            (RETRY_AFTER, "Wed, 21 Oct 2026 07:28:00 GMT"),
            (DATE, "Wed, 21 Oct 2026 07:28:30 GMT"),
        ]);
        assert_eq!(retry_after(&past), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
