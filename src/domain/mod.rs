//! What the product's words mean: pure values and rules, no I/O, no async, no HTTP.

mod amount;
mod amr;
mod base62;
mod code;
mod code_caps;
mod consent;
mod destination;
mod device;
mod email;
mod event_type;
mod ids;
mod key;
mod key_scope;
mod language;
mod login_name;
mod metadata;
mod notice;
mod one_time_code;
mod partner_user_id;
mod person_name;
mod phone;
pub mod plain_text;
pub mod policy;
mod proofs;
mod provider;
mod refresh_token;
mod send;
mod send_budget;
mod signing;
mod subscription;
mod telegram_bot;
mod token;
mod user_status;
mod waffy_token;
pub mod webhook;
mod whole_seconds;

pub use amount::{parse_amount, show_amount};
pub use amr::Amr;
pub use code::Code;
pub use code_caps::{CodeCaps, CountryCap, DayCounts, Withheld};
pub use consent::{ConsentScope, ConsentScopes};
pub use destination::{Destination, Purpose};
pub use device::{Hold, KnownDevice, NewDevices, Protected};
pub use email::Email;
pub use event_type::{EVENT_VERSION, EventFilter, EventType};
pub use ids::*;
pub use key::{ApiKey, EnvironmentKind, KeyKind, NewKey, ParseKeyError};
pub use key_scope::{KeyScope, KeyScopes};
pub use language::Language;
pub use login_name::{CustodyId, LoginKind, Password, Username};
pub use metadata::{Metadata, MetadataChange};
pub use notice::Notice;
pub use one_time_code::OneTimeCode;
pub use partner_user_id::PartnerUserId;
pub use person_name::PersonName;
pub use phone::Phone;
pub use proofs::RequiredProofs;
pub use provider::Provider;
pub use refresh_token::RefreshToken;
pub use send::{Lane, SAME_SEND, SEND_KEY_KEPT, SendKind, SendState};
pub use send_budget::{PastSend, SendLimits, Wait, WrongCodes};
pub use signing::SigningPurpose;
pub use subscription::SubscriptionStatus;
pub use telegram_bot::{BotName, BotToken};
pub use token::{CodeChallenge, Token};
pub use user_status::UserStatus;
pub use waffy_token::WaffyToken;
pub use whole_seconds::whole_seconds;

pub use aboard_vault::wallet::Custody;

/// A value that a person or an integrator sent and that breaks a rule.
///
/// `message` is a sentence that says what is wrong and what to do next; it never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong and what to do next.
    pub message: String,
}

impl Invalid {
    /// Wraps a sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}
