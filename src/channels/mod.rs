//! Channels that carry one-time codes and notices: WhatsApp, SMS, e-mail, and the organization's own sender.
//!
//! ```text
//! a queued message ─► Channels::send ─► whatsapp │ twilio │ smtp │ http ─► the provider
//! the store        ◄─ Sent or SendFailure          StatusUpdate ◄─ whatsapp::inbound, twilio::inbound
//! ```
//!
//! A channel makes **one** attempt and says what follows ([`Then`]); it keeps nothing, retries nothing and knows no
//! store. Whoever queues messages decides when and over which channel the next attempt goes, within the life of the
//! code. Codes and credentials are wiped when dropped, and can be neither printed nor serialized.

mod credentials;
mod failure;
pub mod http;
mod message;
pub mod smtp;
mod status;
mod text;
pub mod twilio;
pub mod whatsapp;

pub use credentials::CredentialsError;
pub use failure::{About, Mark, SendFailure, Then};
pub use message::{AppName, Message, Reference, Says, Sent};
pub use status::{Progress, StatusUpdate};

use std::time::Duration;

use crate::clock::Clock;
use crate::domain::EnvironmentKind;
pub use crate::domain::{Destination, OneTimeCode, Purpose};
use crate::outbound::Outbound;

/// The kinds of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// The WhatsApp Cloud API.
    WhatsApp,
    /// SMS through Twilio.
    Sms,
    /// E-mail over SMTP.
    Email,
    /// The organization's own sender, over HTTP.
    Http,
}

impl ChannelKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::WhatsApp, Self::Sms, Self::Email, Self::Http];

    /// The name in settings, rows and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Http => "http",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// A channel of one environment, ready to send.
pub enum Channel {
    /// The WhatsApp Cloud API.
    WhatsApp(whatsapp::WhatsApp),
    /// SMS through Twilio.
    Sms(twilio::Twilio),
    /// E-mail over SMTP.
    Email(smtp::Smtp),
    /// The organization's own sender, over HTTP.
    Http(http::HttpSender),
}

impl Channel {
    /// Reads the credentials of a channel: one JSON object, as it was set and sealed.
    ///
    /// # Errors
    /// Names the field that is wrong, and never repeats what it holds.
    pub fn from_json(kind: ChannelKind, json: &[u8]) -> Result<Self, CredentialsError> {
        Ok(match kind {
            ChannelKind::WhatsApp => Self::WhatsApp(whatsapp::WhatsApp::from_json(json)?),
            ChannelKind::Sms => Self::Sms(twilio::Twilio::from_json(json)?),
            ChannelKind::Email => Self::Email(smtp::Smtp::from_json(json)?),
            ChannelKind::Http => Self::Http(http::HttpSender::from_json(json)?),
        })
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::WhatsApp(_) => ChannelKind::WhatsApp,
            Self::Sms(_) => ChannelKind::Sms,
            Self::Email(_) => ChannelKind::Email,
            Self::Http(_) => ChannelKind::Http,
        }
    }

    /// What it is set to, without a secret: names and values to show.
    #[must_use]
    pub fn described(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::WhatsApp(whatsapp) => whatsapp.described(),
            Self::Sms(twilio) => twilio.described(),
            Self::Email(smtp) => smtp.described(),
            Self::Http(sender) => vec![("url", sender.url().to_owned())],
        }
    }

    /// The address that its calls go to; `None` for mail, which goes to a host.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::WhatsApp(whatsapp) => Some(whatsapp.url()),
            Self::Sms(twilio) => Some(twilio.url()),
            Self::Email(_) => None,
            Self::Http(sender) => Some(sender.url()),
        }
    }

    /// What no provider may make us repeat.
    fn secrets(&self) -> Vec<&str> {
        match self {
            Self::WhatsApp(whatsapp) => whatsapp.secrets().into(),
            Self::Sms(twilio) => twilio.secrets(),
            Self::Email(smtp) => smtp.secrets(),
            // It is never sent.
            Self::Http(_) => Vec::new(),
        }
    }
}

impl ChannelKind {
    /// Whether this kind of channel can carry a code for a purpose, or a notice (`None`): to ask before one is queued.
    /// WhatsApp's authentication templates hold a code and nothing else, so they carry no step-up and no notice.
    #[must_use]
    pub fn carries(self, to: &Destination, purpose: Option<Purpose>) -> bool {
        match (self, to) {
            (Self::WhatsApp, Destination::Phone(_)) => purpose.is_some_and(|purpose| !purpose.is_step_up()),
            (Self::Sms, Destination::Phone(_)) | (Self::Email, Destination::Email(_)) | (Self::Http, _) => true,
            _ => false,
        }
    }
}

/// The failure behind a code that a provider of a channel reports.
#[must_use]
pub fn reported_failure(kind: ChannelKind, code: Option<i64>) -> SendFailure {
    match (kind, code) {
        (ChannelKind::WhatsApp, Some(code)) => whatsapp::failure(code),
        (ChannelKind::Sms, Some(code)) => twilio::failure(code),
        _ => SendFailure::new(
            Then::FallBack,
            About::Provider,
            "the message failed for an unknown reason",
        ),
    }
}

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Channels {
    outbound: Outbound,
    clock: Clock,
}

/// What an attempt needs beside the channel and the message.
struct Attempt<'a> {
    outbound: &'a Outbound,
    kind: EnvironmentKind,
    now: jiff::Timestamp,
}

impl Channels {
    /// Channels over the guarded client.
    #[must_use]
    pub fn new(outbound: Outbound, clock: Clock) -> Self {
        Self { outbound, clock }
    }

    /// The longest that [`send`](Self::send) takes: what a lease on a queued message has to outlast.
    #[must_use]
    pub fn longest_attempt(&self) -> Duration {
        // WhatsApp may try another language and then another template.
        self.outbound.timeout() * whatsapp::MOST_TRIES
    }

    /// Makes one attempt, for an environment of this kind.
    ///
    /// # Errors
    /// See [`SendFailure`]: it says what to do with the message, and what to remember.
    pub async fn send(&self, kind: EnvironmentKind, channel: &Channel, message: &Message) -> Result<Sent, SendFailure> {
        let attempt = Attempt {
            outbound: &self.outbound,
            kind,
            now: self.clock.now(),
        };
        let sent = if message.expires_at <= attempt.now {
            let words = "it was too late for this message";
            Err(SendFailure::new(Then::FallBack, About::Message, words))
        } else if !channel.kind().carries(&message.to, message.purpose()) {
            let words = "this channel cannot carry this message";
            Err(SendFailure::new(Then::FallBack, About::Message, words))
        } else {
            match channel {
                Channel::WhatsApp(whatsapp) => whatsapp.send(&attempt, message).await,
                Channel::Sms(twilio) => twilio.send(&attempt, message).await,
                Channel::Email(smtp) => smtp.send(&attempt, message).await,
                Channel::Http(sender) => sender.send(&attempt, message).await,
            }
        };
        note(channel.kind(), &message.reference, &sent);
        sent.map_err(|failure| without_echo(failure, channel, message))
    }
}

/// Drops what the provider says if it says a secret: some repeat a whole request.
fn without_echo(failure: SendFailure, channel: &Channel, message: &Message) -> SendFailure {
    let mut secrets = channel.secrets();
    secrets.extend(message.code().map(OneTimeCode::expose));
    let echo = |details: &String| secrets.iter().any(|secret| details.contains(*secret));
    SendFailure {
        details: failure.details.filter(|details| !echo(details)),
        ..failure
    }
}

/// Counts and logs an attempt: ids and our own words, never the code, the address or what the provider said.
fn note(channel: ChannelKind, reference: &Reference, sent: &Result<Sent, SendFailure>) {
    let (outcome, failure) = match sent {
        Ok(sent) => ("sent", sent.trouble.as_ref()),
        Err(failure) => (failure.then.name(), Some(failure)),
    };
    let channel = channel.name();
    metrics::counter!("aboard_messages_total", "channel" => channel, "outcome" => outcome).increment(1);
    match failure {
        Some(failure) if failure.about.alarms() => tracing::warn!(
            %reference, channel, outcome, code = failure.code, reason = failure.words,
            "a channel needs attention"
        ),
        Some(failure) => tracing::debug!(
            %reference, channel, outcome, code = failure.code, reason = failure.words,
            "a message was not sent"
        ),
        None => tracing::debug!(%reference, channel, outcome, "a message was sent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, Phone};

    #[test]
    fn names_are_read_back() {
        for kind in ChannelKind::ALL {
            assert_eq!(ChannelKind::from_name(kind.name()), Some(*kind));
        }
        assert_eq!(ChannelKind::from_name("fax"), None);
    }

    #[test]
    fn each_channel_carries_what_it_can() {
        use ChannelKind::{Email as Mail, Http, Sms, WhatsApp};
        let phone = Destination::Phone(Phone::parse("+306912345678", None).unwrap());
        let email = Destination::Email(Email::parse("ada@example.com").unwrap());
        for (to, purpose, carriers) in [
            (&phone, Some(Purpose::LogIn), &[WhatsApp, Sms, Http][..]),
            (&phone, Some(Purpose::ExportWallet), &[Sms, Http]),
            (&phone, None, &[Sms, Http]),
            (&email, Some(Purpose::LogIn), &[Mail, Http]),
            (&email, Some(Purpose::JoinAccounts), &[Mail, Http]),
            (&email, None, &[Mail, Http]),
        ] {
            let all = ChannelKind::ALL.iter().copied();
            let found: Vec<_> = all.filter(|kind| kind.carries(to, purpose)).collect();
            assert_eq!(found, carriers, "{purpose:?}");
        }
    }
}
