//! Log-ins that somebody else vouches for: Google, Apple, Telegram.
//!
//! What they sign is checked here, with their own keys; who that is at which app, the store says. Only the subject
//! counts: an e-mail that a provider names matches nobody. What one of them vouched for is taken for minutes, and once.

mod id_token;
mod keys;
mod telegram;
mod token_info;

use std::sync::Arc;

use aboard_vault::sha256;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::Failure;
use crate::domain::Code;
use crate::outbound::Outbound;
use crate::store::{AppScope, Assertion};

pub use id_token::{IdToken, check_id_token};
pub use telegram::{TelegramData, check_telegram};
pub use token_info::check_access_token;

use keys::Keys;

/// How far a provider's clock may be from ours.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// Questions to a provider about single tokens that are under way at once; a stranger's cost nobody their turn for long.
const QUESTIONS_AT_ONCE: usize = 32;

/// What checking needs: a way out, the keys that were read, a bound on questions. Cheap to clone.
#[derive(Clone)]
pub struct Providers {
    outbound: Outbound,
    keys: Arc<Keys>,
    questions: Arc<Semaphore>,
}

/// Somebody whom a provider vouched for.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// The provider's own id of the account.
    pub subject: String,
    /// What it vouched with.
    pub assertion: Assertion,
}

impl Providers {
    /// Asks over this client.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        Self {
            outbound,
            keys: Arc::default(),
            questions: Arc::new(Semaphore::new(QUESTIONS_AT_ONCE)),
        }
    }
}

/// The one refusal of what a provider is said to have signed.
#[must_use]
pub fn refused() -> Failure {
    Failure::new(Code::LoginRefused).saying(
        "What the provider signed is not valid for this app, too old, or was used before. Let the person sign in there again.",
    )
}

fn unavailable() -> Failure {
    Failure {
        retry_after: Some(5),
        ..Failure::new(Code::Unavailable)
            .saying("The provider cannot be asked right now. Nothing was changed; try again in a moment.")
    }
}

/// What is remembered of something signed, so that it works once at this app.
fn assertion(scope: &AppScope, provider: &str, signed: &[u8], expires_at: Timestamp) -> Assertion {
    let app = scope.app().bytes();
    let whole = [&app[..], provider.as_bytes(), b"\0", signed].concat();
    Assertion {
        id: sha256(&whole),
        expires_at,
    }
}
