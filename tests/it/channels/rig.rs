//! Channels that may call this machine, a clock that stands still, and messages.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use aboard::channels::{
    AppName, Channel, ChannelKind, Channels, Destination, Message, OneTimeCode, Purpose, Reference, Says, SendFailure,
    Sent,
};
use aboard::clock::Clock;
use aboard::domain::EnvironmentKind::Sandbox;
use aboard::domain::{Email, Language, Phone};
use aboard::outbound::{Guard, GuardRules, Outbound, OutboundOptions};
use serde_json::Value;

pub const CODE: &str = "482913";
pub const PHONE: &str = "+306912345678";
/// 15 January 2027, 8:00 UTC.
pub const NOW: i64 = 1_800_000_000;

/// A client that may call this machine for sandboxes.
pub fn outbound(timeout: Duration) -> Outbound {
    let rules = GuardRules {
        allow_loopback_in_sandbox: true,
        ..GuardRules::default()
    };
    let options = OutboundOptions {
        connect_timeout: timeout,
        timeout,
    };
    Outbound::new(Guard::new(rules), options).unwrap()
}

pub fn clock() -> Clock {
    Clock::Manual(Arc::new(AtomicI64::new(NOW * 1_000_000)))
}

/// Channels that wait long enough for a slow machine.
pub fn patient() -> Channels {
    Channels::new(outbound(Duration::from_secs(20)), clock())
}

/// Channels that give up at once: for those who never answer.
pub fn impatient() -> Channels {
    Channels::new(outbound(Duration::from_millis(300)), clock())
}

pub fn channel(kind: ChannelKind, credentials: &Value) -> Channel {
    match Channel::from_json(kind, credentials.to_string().as_bytes()) {
        Ok(channel) => channel,
        Err(error) => panic!("{error}"),
    }
}

/// A code to log in, in English.
pub fn message(to: &str) -> Message {
    let to = if to.contains('@') {
        Destination::Email(Email::parse(to).unwrap())
    } else {
        Destination::Phone(Phone::parse(to, None).unwrap())
    };
    Message {
        reference: Reference::new("msg_01hzy8d3c3x1e").unwrap(),
        to,
        says: Says::Code {
            code: code(CODE),
            purpose: Purpose::LogIn,
        },
        app: AppName::new("Acme").unwrap(),
        language: Language::English,
        expires_at: clock().now() + Duration::from_mins(10),
        page_host: None,
        status_url: None,
    }
}

/// What a message with another code, for another purpose, is about.
pub fn says(purpose: Purpose, text: &str) -> Says {
    Says::Code {
        code: code(text),
        purpose,
    }
}

pub fn code(text: &str) -> OneTimeCode {
    OneTimeCode::made(text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
}

pub async fn send(channels: &Channels, channel: &Channel, message: &Message) -> Result<Sent, SendFailure> {
    channels.send(Sandbox, channel, message).await
}

/// What has to follow, by the names that are stored and logged.
#[track_caller]
pub fn assert_fails(sent: Result<Sent, SendFailure>, then: &str, about: &str) -> SendFailure {
    let failure = sent.unwrap_err();
    assert_eq!(
        (failure.then.name(), failure.about.name()),
        (then, about),
        "{failure:?}"
    );
    failure
}
