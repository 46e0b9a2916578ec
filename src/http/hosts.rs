//! Which hosts are answered, and which of them stand for one kind of environment.

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};
use url::Url;

use crate::config;
use crate::domain::EnvironmentKind;

/// The hosts of the public URL, `server.hosts`, `server.sandbox_host` and `server.production_host`.
pub struct Hosts {
    known: Vec<(String, Option<EnvironmentKind>)>,
}

/// A host of ours that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The one kind of environment that it stands for, if it stands for one.
    pub pinned: Option<EnvironmentKind>,
}

impl Hosts {
    /// Reads the settings. A host that is named several times is pinned if one of them pins it.
    #[must_use]
    pub fn new(server: &config::Server, public_url: Option<&Url>) -> Self {
        let authority = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
        };
        let pinned = EnvironmentKind::ALL
            .into_iter()
            .filter_map(|kind| Some((server.pinned_host(kind)?.to_owned(), Some(kind))));
        let free = server.hosts.iter().cloned().chain(public_url.map(authority));
        Self {
            known: pinned.chain(free.map(|host| (host, None))).collect(),
        }
    }

    /// The host that was asked, if it is one of ours.
    #[must_use]
    pub fn asked(&self, uri: &Uri, headers: &HeaderMap) -> Option<Asked> {
        let find = |host: &str| {
            let known = self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(host));
            known.map(|(_, pinned)| Asked { pinned: *pinned })
        };
        // One Host header, no more (RFC 9112, 3.2); a request line that names a host has to name a known one as well.
        let mut named = headers.get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else {
            return None;
        };
        let asked = find(host.to_str().ok()?)?;
        match uri.authority() {
            Some(authority) => find(authority.as_str()).filter(|other| *other == asked),
            None => Some(asked),
        }
    }
}
