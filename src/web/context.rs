//! What is known of a request from its first byte on.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use uuid::Uuid;

use super::limits::{Decision, Who};
use crate::domain::{EnvironmentId, EnvironmentKind, KeyId, KeyKind, RequestId, whole_seconds};

/// Which of the three documented surfaces a path belongs to, the issuers, or the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// `/api/v1/…`, but for the wallet surface's paths.
    Partner,
    /// `/v1/…`.
    Users,
    /// `/api/v{1,2}/(auth|account|wallet|organization)…`.
    Wallet,
    /// `/e/…` and what leads there: what whoever checks tokens reads, from anywhere, without a key.
    Issuers,
    /// Everything a person sees.
    Pages,
}

impl Surface {
    /// The surface of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/v1/") || path == "/v1" {
            return Self::Users;
        }
        if path.starts_with("/e/") || path.starts_with("/.well-known/oauth-authorization-server") {
            return Self::Issuers;
        }
        let Some(rest) = path.strip_prefix("/api/") else {
            return Self::Pages;
        };
        let (version, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let group = rest.split(['/', '?']).next().unwrap_or_default();
        let wallet = matches!(version, "v1" | "v2") && matches!(group, "auth" | "account" | "wallet" | "organization");
        if wallet || version == "v2" {
            Self::Wallet
        } else {
            Self::Partner
        }
    }

    /// Whether its calls are counted, and answered with what is left: it is called by programs with a key.
    #[must_use]
    pub fn is_counted(self) -> bool {
        !matches!(self, Self::Pages | Self::Issuers)
    }
}

/// One request, as every layer sees it.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

/// The parts of [`Context`].
pub struct Inner {
    /// Its id, in every answer and log line.
    pub id: RequestId,
    /// When it came in.
    pub now: Timestamp,
    /// Which shape its answer has.
    pub surface: Surface,
    /// Where it came from, past the trusted proxies. For limits alone: it is never logged nor kept.
    pub address: IpAddr,
    /// The one kind of environment that the host stands for which was asked, if it stands for one.
    pub pinned: Option<EnvironmentKind>,
    limit: OnceLock<Decision>,
    holder: OnceLock<Holder>,
}

/// Whose credential was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Its data plane.
    pub environment: EnvironmentId,
    /// What the key is for; a user's token counts as a user key.
    pub kind: KeyKind,
    /// Whether everybody may know the key: a browser sent it before.
    pub exposed: bool,
    /// The key's id; a token's, of the user key that it was made from, if it was made from one.
    pub key: Option<Uuid>,
}

/// `meta` of the users surface's envelope.
#[derive(Debug, serde::Serialize)]
pub struct Meta {
    request_id: RequestId,
    /// When the request came in: UTC, whole seconds.
    timestamp: String,
}

impl Context {
    /// A request that just came in.
    #[must_use]
    pub fn new(
        id: RequestId,
        now: Timestamp,
        surface: Surface,
        address: IpAddr,
        pinned: Option<EnvironmentKind>,
    ) -> Self {
        Self(Arc::new(Inner {
            id,
            now,
            surface,
            address,
            pinned,
            limit: OnceLock::new(),
            holder: OnceLock::new(),
        }))
    }

    /// What an answer's envelope says of the request.
    #[must_use]
    pub fn meta(&self) -> Meta {
        Meta {
            request_id: self.0.id,
            timestamp: whole_seconds(self.0.now),
        }
    }

    /// The network that it came from, for budgets: an IPv4 address, or an IPv6 network of 64 bits.
    #[must_use]
    pub fn network(&self) -> String {
        match Who::at(self.0.address) {
            Who::Address(address) => address.to_string(),
            Who::Key(key) => key.to_string(),
        }
    }

    /// The network of the person whom a call is for; `None` behind a back end with a key of its own, whose address is that
    /// of everybody who comes through it, strangers and owners alike.
    #[must_use]
    pub fn persons_network(&self) -> Option<String> {
        let is_back_end = |holder: Holder| holder.kind != KeyKind::User && !holder.exposed;
        (!self.holder().is_some_and(is_back_end)).then(|| self.network())
    }

    /// Whether the host that was asked answers for this kind of environment.
    #[must_use]
    pub fn serves(&self, kind: EnvironmentKind) -> bool {
        self.0.pinned.is_none_or(|pinned| pinned == kind)
    }

    /// Notes what the limit said, for the answer's headers.
    pub fn note_limit(&self, decision: Decision) {
        let _ = self.0.limit.set(decision);
    }

    /// What the limit said, if the request was counted.
    #[must_use]
    pub fn limit(&self) -> Option<Decision> {
        self.0.limit.get().copied()
    }

    /// Notes whose request it is, for the logs.
    pub fn note_holder(&self, holder: Holder) {
        let _ = self.0.holder.set(holder);
    }

    /// Whose request it is, if a good credential was presented.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        self.0.holder.get().copied()
    }

    /// The API key of the request, if a good one was presented.
    #[must_use]
    pub fn credential(&self) -> Option<(EnvironmentId, KeyId)> {
        let holder = self.holder().filter(|holder| holder.kind != KeyKind::User)?;
        Some((holder.environment, KeyId(holder.key?)))
    }
}

impl std::ops::Deref for Context {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = super::Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let context = parts.extensions.get::<Self>().cloned();
        context.ok_or_else(|| super::Failure::internal("the request did not come through the edge"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_decides_the_surface() {
        for (path, surface) in [
            ("/api/v1/external_login", Surface::Partner),
            ("/api/v1/nothing", Surface::Partner),
            ("/api/v1/auth/login-whatsapp", Surface::Wallet),
            ("/api/v2/wallet/address", Surface::Wallet),
            ("/api/v2/nothing", Surface::Wallet),
            ("/api/v1/authors", Surface::Partner),
            ("/api/v3/auth", Surface::Partner),
            ("/v1/users/link", Surface::Users),
            ("/v1", Surface::Users),
            ("/e/env_1/.well-known/jwks.json", Surface::Issuers),
            ("/.well-known/oauth-authorization-server/e/env_1", Surface::Issuers),
            ("/.well-known/security.txt", Surface::Pages),
            ("/entrance", Surface::Pages),
            ("/v10", Surface::Pages),
            ("/account", Surface::Pages),
            ("/", Surface::Pages),
        ] {
            assert_eq!(Surface::of(path), surface, "{path}");
        }
    }
}
