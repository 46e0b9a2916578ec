//! The channels of an environment: what carries its one-time codes.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::command::{environment, environments, within};
use crate::channels::{
    AppName, Channel, ChannelKind, Channels, Message, OneTimeCode, Purpose, Reference, Says, SendFailure, Sent,
};
use crate::domain::{Destination, Email, EnvironmentKind, Language, MessageId, Phone};
use crate::instance::Instance;
use crate::outbound::{Guard, Outbound, OutboundOptions};
use crate::sealed;
use crate::store::{Environment, StoredChannel};

/// The most bytes of a channel's credentials.
pub const LONGEST_CREDENTIALS: usize = 32 << 10;
/// How long one call of a test may take: three of them have room in the time of a command.
const TEST_TIME: Duration = Duration::from_secs(8);
/// How long the code of a test is said to live. It opens nothing.
const TEST_LIFE: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// Credentials on their way from the command line: over a socket of this user's own, to where they are sealed. They are
/// wiped when dropped, and no log shows them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelCredentials(Zeroizing<String>);

impl ChannelCredentials {
    /// Takes over one JSON object, as it was typed.
    #[must_use]
    pub fn new(json: String) -> Self {
        Self(Zeroizing::new(json))
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Whether it is more than [`LONGEST_CREDENTIALS`].
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.0.len() > LONGEST_CREDENTIALS
    }
}

impl fmt::Debug for ChannelCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelCredentials(…)")
    }
}

/// A channel by its name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ChannelName {
    /// The WhatsApp Cloud API
    Whatsapp,
    /// SMS through Twilio
    Sms,
    /// E-mail over your mail server
    Email,
    /// Your own sender, over HTTP
    Http,
}

impl ChannelName {
    pub(super) const fn kind(self) -> ChannelKind {
        match self {
            Self::Whatsapp => ChannelKind::WhatsApp,
            Self::Sms => ChannelKind::Sms,
            Self::Email => ChannelKind::Email,
            Self::Http => ChannelKind::Http,
        }
    }
}

pub async fn list(instance: &Instance, in_environment: Option<&str>) -> anyhow::Result<Value> {
    let store = &instance.store;
    let mut shown = Vec::new();
    for environment in environments(instance, in_environment).await? {
        for stored in store.channels(store.system(), environment.id).await? {
            shown.push(within(&environment, row(instance, &environment, &stored)));
        }
    }
    Ok(json!({ "channels": shown }))
}

fn row(instance: &Instance, environment: &Environment, stored: &StoredChannel) -> Value {
    let set = open(instance, environment, stored).map(|channel| settings(&channel));
    let state = match (&set, &stored.stopped) {
        (Err(_), _) => "unreadable",
        (Ok(_), Some(_)) => "stopped",
        (Ok(_), None) => "working",
    };
    json!({
        "channel": stored.channel, "state": state, "stopped_why": stored.stopped, "stopped_at": stored.stopped_at,
        "set_at": stored.updated_at, "settings": set.unwrap_or_default(),
    })
}

/// What a channel is set to, without its secrets.
fn settings(channel: &Channel) -> Value {
    let described = channel.described().into_iter();
    described
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

pub async fn set(
    instance: &Instance,
    in_environment: &str,
    kind: ChannelKind,
    credentials: &ChannelCredentials,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    if environment.kind == EnvironmentKind::Sandbox {
        bail!(
            "--environment: a sandbox sends nothing, its messages end in its inbox (GET /v1/inbox). Set the channel in production"
        );
    }
    let json = credentials.0.trim().as_bytes();
    let channel = Channel::from_json(kind, json).context("the credentials cannot be used")?;
    if let Some(url) = channel.url() {
        let guard = Guard::new(instance.outside.guard.clone());
        guard
            .check_url(url, instance.outside.channel_rules())
            .context("the credentials cannot be used: their address may not be called")?;
    }
    let place = sealed::channel(environment.id, kind.name());
    let sealed = instance.vault.seal(&place, json, instance.ids.entropy());
    let now = instance.clock.now();
    let store = &instance.store;
    store
        .set_channel(&instance.admin(), environment.id, kind.name(), sealed, now)
        .await?;
    let made = json!({
        "channel": kind.name(), "settings": settings(&channel), "callback_url": callback(instance, &environment, kind),
    });
    Ok(within(&environment, made))
}

/// Where the provider reports what becomes of messages, where somebody has to tell it.
fn callback(instance: &Instance, environment: &Environment, kind: ChannelKind) -> Option<String> {
    let public_url = &instance.outside.public_url;
    let base = if public_url.is_empty() {
        "<public url>"
    } else {
        public_url
    };
    let told = kind == ChannelKind::WhatsApp;
    told.then(|| format!("{base}/e/{}/channels/whatsapp", environment.id))
}

pub async fn remove(instance: &Instance, in_environment: &str, kind: ChannelKind) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let (store, now) = (&instance.store, instance.clock.now());
    if !store
        .remove_channel(&instance.admin(), environment.id, kind.name(), now)
        .await?
    {
        return Err(not_set(&environment, kind));
    }
    Ok(within(&environment, json!({ "channel": kind.name() })))
}

/// Sends a message with a code that opens nothing. One that is taken puts a stopped channel back to work.
pub async fn test(instance: &Instance, in_environment: &str, kind: ChannelKind, to: &str) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let store = &instance.store;
    let channels = store.channels(store.system(), environment.id).await?;
    let stored = channels.into_iter().find(|stored| stored.channel == kind.name());
    let stored = stored.ok_or_else(|| not_set(&environment, kind))?;
    let channel = open(instance, &environment, &stored)?;
    let message = message(instance, &environment, destination(to, kind)?)?;
    let options = OutboundOptions {
        timeout: TEST_TIME,
        ..OutboundOptions::default()
    };
    let outbound = Outbound::new(Guard::new(instance.outside.guard.clone()), options)?;
    let sender = Channels::new(outbound, instance.clock.clone());
    let sent = sender.send(instance.outside.channel_rules(), &channel, &message).await;
    let started = match (&sent, &stored.stopped) {
        (Ok(_), Some(_)) => {
            let now = instance.clock.now();
            store
                .start_channel(&instance.admin(), environment.id, kind.name(), now)
                .await?
        }
        _ => false,
    };
    let told = match &sent {
        Ok(Sent { provider_id, trouble }) => json!({
            "taken": true, "provider_id": provider_id, "trouble": trouble.as_ref().map(words), "started_again": started,
        }),
        Err(failure) => json!({ "taken": false, "failure": words(failure) }),
    };
    let mut told = within(&environment, told);
    told["channel"] = json!(kind.name());
    told["to"] = json!(message.to.key());
    told["code"] = json!(message.code().map(OneTimeCode::expose));
    Ok(told)
}

/// What the provider said, and what we make of it.
fn words(failure: &SendFailure) -> Value {
    json!({
        "reason": failure.words, "code": failure.code, "provider_says": failure.details, "then": failure.then.name(),
        "about": failure.about.name(),
    })
}

fn message(instance: &Instance, environment: &Environment, to: Destination) -> anyhow::Result<Message> {
    let name = AppName::new(&environment.organization_name).or_else(|_| AppName::new("Aboard"))?;
    Ok(Message {
        reference: Reference::new(MessageId(instance.ids.id()).to_string())?,
        to,
        says: Says::Code {
            code: OneTimeCode::digits(instance.ids.secret()),
            purpose: Purpose::LogIn,
        },
        app: name,
        language: Language::English,
        expires_at: instance.clock.now() + TEST_LIFE,
        page_host: None,
        status_url: None,
    })
}

fn destination(text: &str, kind: ChannelKind) -> anyhow::Result<Destination> {
    if text.contains('@') && kind != ChannelKind::WhatsApp && kind != ChannelKind::Sms {
        let email = Email::parse(text).context("--to: this is no e-mail address")?;
        return Ok(Destination::Email(email));
    }
    if kind == ChannelKind::Email {
        bail!("--to: write an e-mail address");
    }
    let phone = Phone::parse_e164(text).context("--to: write a number with its country code, like +306912345678")?;
    Ok(Destination::Phone(phone))
}

fn open(instance: &Instance, environment: &Environment, stored: &StoredChannel) -> anyhow::Result<Channel> {
    let again = "its credentials cannot be read; set them again with `aboard channels set`";
    let kind = ChannelKind::from_name(&stored.channel).context(again)?;
    let place = sealed::channel(environment.id, kind.name());
    let opened = instance.vault.open(&place, &stored.sealed).context(again)?;
    Channel::from_json(kind, opened.expose()).context(again)
}

fn not_set(environment: &Environment, kind: ChannelKind) -> anyhow::Error {
    anyhow::anyhow!(
        "the channel {} is not set in the {} of {}; set it with `aboard channels set {0}`",
        kind.name(),
        environment.kind.as_str(),
        environment.organization_name
    )
}
