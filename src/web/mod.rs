//! What every face of the server shares: reading requests, credentials, limits, errors, cookies.

mod app_credential;
mod auth;
mod bodies;
mod body;
pub mod codes;
mod context;
pub mod device;
mod failure;
mod fields;
mod form;
mod idempotency;
mod json;
mod limits;
mod multipart;
mod passwords;
mod proofs;
pub mod providers;
mod query;
pub mod reference;
mod routes;
mod session;
mod user_token;
mod waits;

use std::borrow::Cow;
use std::sync::Arc;

use crate::chains::Chains;
use crate::config::Config;
use crate::domain::{EnvironmentKind, Token};
use crate::instance::Instance;
use crate::outbound::Guard;
use crate::tokens::Tokens;

pub use crate::domain::whole_seconds;
pub use app_credential::AppCredential;
pub use auth::{ANY_SCOPE, PartnerKey, ServerKey, admit_address, admit_user, count_the_rest};
pub use bodies::Bodies;
pub use body::{RawBody, Segment};
pub use context::{Context, Holder, Meta, Surface};
pub use failure::{Failure, answer_in_shape};
pub use fields::Fields;
pub use form::{FormOrJson, OptionalJson};
pub use idempotency::{Call, Caller, IdempotencyKey, Repeatable, Running, mark_replayed, once, secret_was_shown};
pub use json::JsonObject;
pub use limits::{Decision, Limits, Who};
pub use multipart::MultipartOrJson;
pub use passwords::Passwords;
pub use proofs::required_proofs;
pub use query::Query;
pub use routes::Routes;
pub use session::{Browser, SESSION_PREFIX, is_own_click, session_cookie};
pub use user_token::{Bearer, LiveToken, UserKeyToken, UserToken, admit_anybody};
pub use waits::{Wait, Waits};

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

/// The parts of [`Web`].
pub struct Inner {
    /// Store, keys, time, ids.
    pub instance: Instance,
    /// The configuration.
    pub config: Config,
    /// The public URL without a slash at its end.
    pub public_url: String,
    /// Signs and checks tokens.
    pub tokens: Tokens,
    /// Counts requests per key.
    pub limits: Limits,
    /// Counts the bodies that are held.
    pub bodies: Bodies,
    /// Calls with an `Idempotency-Key` that are running.
    pub running: Running,
    /// Makes and compares hashes of passwords.
    pub passwords: Passwords,
    /// Checks what Google, Apple and Telegram sign.
    pub providers: providers::Providers,
    /// Calls that wait for events.
    pub waits: Waits,
    /// Where outgoing calls may go.
    pub guard: Guard,
    /// The clients of the networks that have nodes.
    pub chains: Chains,
    /// Called after a commit that left a delivery to be sent.
    pub wake_deliveries: Box<dyn Fn() + Send + Sync>,
    /// Called after a commit that left a message to be sent.
    pub wake_messages: Box<dyn Fn() + Send + Sync>,
    /// The reference of the API, if it is served.
    pub reference: Option<Vec<reference::Document>>,
    /// What the welcome page of `aboard dev` shows; `None` in `serve`.
    pub welcome: Option<Welcome>,
}

/// What the welcome page of `aboard dev` shows.
pub struct Welcome {
    /// The sandbox's partner key.
    pub partner_key: String,
    /// The sandbox's server key.
    pub server_key: String,
    /// The client secret of the sandbox's app.
    pub client_secret: String,
    /// Where the metrics are.
    pub metrics_url: Option<String>,
    /// What opens the page of the sandbox's inbox: of this start alone.
    pub inbox: Token,
}

impl Welcome {
    /// The path of the page of the sandbox's inbox.
    #[must_use]
    pub fn inbox_path(&self) -> String {
        format!("/inbox/{}", self.inbox.expose())
    }
}

impl Web {
    /// Wraps the parts.
    #[must_use]
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Where the pages of a kind of environment are: at the public URL, unless its host answers for the other kind alone
    /// and this one has a host of its own.
    #[must_use]
    pub fn pages_url(&self, kind: EnvironmentKind) -> Cow<'_, str> {
        let (server, (scheme, host)) = (
            &self.config.server,
            self.public_url.split_once("://").unwrap_or_default(),
        );
        let is_public = |pinned: &&str| pinned.eq_ignore_ascii_case(host);
        let is_taken = EnvironmentKind::ALL
            .into_iter()
            .any(|other| other != kind && server.pinned_host(other).as_ref().is_some_and(is_public));
        match server.pinned_host(kind).filter(|_| is_taken) {
            Some(own) => Cow::Owned(format!("{scheme}://{own}")),
            None => Cow::Borrowed(&self.public_url),
        }
    }
}

impl std::ops::Deref for Web {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
