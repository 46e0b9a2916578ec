//! One attempt, and what follows from it.
//!
//! | what happened | what follows |
//! |---|---|
//! | a sandbox | the inbox keeps it |
//! | taken | done, the code is erased |
//! | `retry` | again over this channel, at most [`MOST_TRIES`] times; then as `fall_back` |
//! | `fall_back` | at once over the next channel of the same destination that is set up; without one it has failed |
//! | `stop` | the channel carries nothing until somebody sets it again; then as `fall_back` |
//! | `bad_destination` | the destination is marked; then as `fall_back`, unless it does not exist at all |
//! | `unknown` | over: the person asks again if nothing comes |
//!
//! Nothing happens after the end of the code.

use std::time::Duration;

use jiff::Timestamp;

use super::{Tools, content};
use crate::channels::{Channel, ChannelKind, Mark, Message, SendFailure, Then};
use crate::domain::{Destination, EnvironmentKind, InboxId};
use crate::inbox::InboxContent;
use crate::sealed;
use crate::store::{DueMessage, MessageEnd, NewInboxMessage, NewMark, StoreError, StoredChannel};

/// Attempts over one channel.
const MOST_TRIES: u32 = 4;
/// The pause after the first failed attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// How long a mark is believed.
const MARK_DAYS: u64 = 7;

pub(super) async fn attempt(tools: &Tools, due: &DueMessage) -> MessageEnd {
    let now = tools.clock.now();
    if due.expires_at <= now {
        return failed("the code had expired before it was sent");
    }
    let place = sealed::message(due.environment, due.id);
    let Ok(opened) = tools.vault.open(&place, &due.sealed) else {
        tracing::error!(message = %due.id, "a queued message cannot be opened");
        return failed("the queued message cannot be opened");
    };
    let status_url = format!("{}/e/{}/channels/sms/status", tools.public_url, due.environment);
    let Some(message) = content::read(due, opened.expose(), Some(status_url)) else {
        tracing::error!(message = %due.id, "a queued message cannot be read");
        return failed("the queued message cannot be read");
    };
    if due.kind == EnvironmentKind::Sandbox {
        return keep(tools, due, &message, now);
    }
    match send(tools, due, &message, now).await {
        Ok(end) => end,
        Err(error) => {
            tracing::warn!(%error, message = %due.id, "the channels of a message could not be read");
            again(due, &due.channel, now + FIRST_PAUSE, "the store could not be read")
        }
    }
}

/// Puts a message into the inbox of its sandbox.
fn keep(tools: &Tools, due: &DueMessage, message: &Message, now: Timestamp) -> MessageEnd {
    let id = InboxId(tools.ids.id());
    let (subject, text) = message.in_plain(now);
    let content = InboxContent {
        subject,
        text,
        code: message.code.expose().to_owned().into(),
    };
    let place = sealed::inbox(due.environment, id);
    MessageEnd::Kept(NewInboxMessage {
        id,
        recipient: message.to.key().to_owned(),
        sealed: tools.vault.seal(&place, &content.write(), tools.ids.entropy()),
    })
}

/// The channels of an environment that can carry a message now.
struct Usable(Vec<StoredChannel>);

impl Usable {
    async fn find(tools: &Tools, due: &DueMessage, message: &Message, now: Timestamp) -> Result<Self, StoreError> {
        let (store, system) = (&tools.store, tools.store.system());
        let marks = store
            .destination_marks(system, due.environment, &message.to, now)
            .await?;
        if marks.iter().any(|(_, mark)| mark == name_of(Mark::DoesNotExist)) {
            return Ok(Self(Vec::new()));
        }
        let mut channels = store.channels(system, due.environment).await?;
        channels.retain(|stored| {
            let carries =
                ChannelKind::from_name(&stored.channel).is_some_and(|kind| kind.carries(&message.to, message.purpose));
            carries && stored.stopped.is_none() && marks.iter().all(|(channel, _)| *channel != stored.channel)
        });
        Ok(Self(channels))
    }

    fn of(&self, channel: &str) -> Option<&StoredChannel> {
        self.0.iter().find(|stored| stored.channel == channel)
    }

    /// The channel after this one: the other one of the same destination, then the organization's own sender.
    fn after(&self, due: &DueMessage, to: &Destination) -> Option<&StoredChannel> {
        let order: &[&str] = match to {
            Destination::Phone(_) => &["whatsapp", "sms", "http"],
            Destination::Email(_) => &["email", "http"],
        };
        let untried = |name: &&&str| **name != due.channel && !due.tried.iter().any(|tried| tried == **name);
        order.iter().filter(untried).find_map(|name| self.of(name))
    }
}

async fn send(tools: &Tools, due: &DueMessage, message: &Message, now: Timestamp) -> Result<MessageEnd, StoreError> {
    let usable = Usable::find(tools, due, message, now).await?;
    // Mail and our own sender's calls carry an id that makes a second one harmless; the others know no such thing.
    if due.lost && matches!(due.channel.as_str(), "whatsapp" | "sms") {
        return Ok(unknown("this server stopped during the attempt"));
    }
    let Some(stored) = usable.of(&due.channel) else {
        return Ok(fall_back(
            due,
            message,
            &usable,
            now,
            "the channel is not set up, stopped, or does not reach the destination",
        ));
    };
    let Some(channel) = open(tools, due, stored) else {
        return Ok(fall_back(
            due,
            message,
            &usable,
            now,
            "the channel's credentials cannot be read",
        ));
    };
    let failure = match tools.channels.send(tools.rules, &channel, message).await {
        Ok(sent) => {
            return Ok(MessageEnd::Sent {
                provider_id: sent.provider_id,
            });
        }
        Err(failure) => failure,
    };
    follow(tools, due, message, &usable, stored, &failure).await
}

async fn follow(
    tools: &Tools,
    due: &DueMessage,
    message: &Message,
    usable: &Usable,
    stored: &StoredChannel,
    failure: &SendFailure,
) -> Result<MessageEnd, StoreError> {
    let (system, now) = (tools.store.system(), tools.clock.now());
    let next = || fall_back(due, message, usable, now, failure.words);
    Ok(match failure.then {
        Then::Retry { after } => {
            let pause = after.unwrap_or(FIRST_PAUSE * 2_u32.pow(due.attempts.min(8)));
            let at = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
            if due.attempts + 1 < MOST_TRIES && at < due.expires_at {
                again(due, &due.channel, at, failure.words)
            } else {
                next()
            }
        }
        Then::FallBack => next(),
        Then::Stop => {
            let stopped = tools
                .store
                .stop_channel(system, due.environment, stored, failure.words, now)
                .await?;
            if stopped {
                tracing::error!(
                    environment = %due.environment, channel = due.channel, reason = failure.words,
                    "a channel is stopped until its credentials are set again"
                );
            }
            next()
        }
        Then::BadDestination(mark) => {
            let days = Duration::from_hours(MARK_DAYS * 24);
            let marked = NewMark {
                to: message.to.clone(),
                channel: due.channel.clone(),
                mark: name_of(mark),
                until: now.saturating_add(days).unwrap_or(Timestamp::MAX),
            };
            tools.store.mark_destination(system, due.environment, marked).await?;
            match mark {
                Mark::DoesNotExist => failed(failure.words),
                Mark::NotOnThisChannel | Mark::OptedOut => next(),
            }
        }
        Then::Unknown => unknown(failure.words),
    })
}

/// Goes on over the next channel, or ends: then whoever runs the environment has to know.
fn fall_back(due: &DueMessage, message: &Message, usable: &Usable, now: Timestamp, why: &'static str) -> MessageEnd {
    if let Some(next) = usable.after(due, &message.to) {
        return again(due, &next.channel, now, why);
    }
    metrics::counter!("aboard_messages_lost_total", "channel" => due.channel.clone()).increment(1);
    tracing::error!(
        message = %due.id, environment = %due.environment, channel = due.channel, reason = why,
        "a code reaches nobody: no channel of this environment is left that could carry it"
    );
    failed(why)
}

fn open(tools: &Tools, due: &DueMessage, stored: &StoredChannel) -> Option<Channel> {
    let kind = ChannelKind::from_name(&stored.channel)?;
    let place = sealed::channel(due.environment, kind.name());
    let opened = tools.vault.open(&place, &stored.sealed).ok()?;
    Channel::from_json(kind, opened.expose()).ok()
}

fn again(due: &DueMessage, channel: &str, at: Timestamp, error: &str) -> MessageEnd {
    let mut tried = due.tried.clone();
    if channel != due.channel {
        tried.push(due.channel.clone());
    }
    MessageEnd::Again {
        at,
        channel: channel.to_owned(),
        tried,
        error: error.to_owned(),
    }
}

fn unknown(error: &str) -> MessageEnd {
    MessageEnd::Unknown {
        error: error.to_owned(),
    }
}

fn failed(error: &str) -> MessageEnd {
    MessageEnd::Failed {
        error: error.to_owned(),
    }
}

/// The name in rows.
fn name_of(mark: Mark) -> &'static str {
    match mark {
        Mark::NotOnThisChannel => "not_on_this_channel",
        Mark::DoesNotExist => "does_not_exist",
        Mark::OptedOut => "opted_out",
    }
}
