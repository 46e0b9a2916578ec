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

use super::usable::{Usable, Wanted, mark, open, stop};
use super::{Tools, content};
use crate::channels::{Mark, Message, SendFailure, Then};
use crate::domain::{EnvironmentId, EnvironmentKind, InboxId, MessageId};
use crate::inbox::InboxContent;
use crate::sealed;
use crate::store::{DueMessage, MessageEnd, NewInboxMessage, StoreError, StoredChannel};

/// Attempts over one channel.
pub(super) const MOST_TRIES: u32 = 4;
/// The pause after the first failed attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// When it is tried again over the same channel, after so many failed attempts and this one; `after` is the pause that the
/// provider asks for. `None` if that is too often, or too late for the code.
pub(super) fn retry_at(
    after: Option<Duration>,
    attempts: u32,
    expires_at: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let pause = after.unwrap_or(FIRST_PAUSE * 2_u32.pow(attempts.min(8)));
    let at = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
    (attempts + 1 < MOST_TRIES && at < expires_at).then_some(at)
}

pub(super) async fn attempt(tools: &Tools, due: &DueMessage) -> MessageEnd {
    let now = tools.instance.clock.now();
    if due.expires_at <= now {
        return failed("it was too late to send it");
    }
    let place = sealed::message(due.environment, due.id);
    let Ok(opened) = tools.instance.vault.open(&place, &due.sealed) else {
        tracing::error!(message = %due.id, "a queued message cannot be opened");
        return failed("the queued message cannot be opened");
    };
    let status_url = format!(
        "{}/e/{}/channels/sms?message={}",
        tools.public_url, due.environment, due.id
    );
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
            again(
                due,
                &due.channel,
                false,
                now + FIRST_PAUSE,
                "the store could not be read",
            )
        }
    }
}

/// Puts a message into the inbox of its sandbox.
fn keep(tools: &Tools, due: &DueMessage, message: &Message, now: Timestamp) -> MessageEnd {
    let id = InboxId(tools.instance.ids.id());
    let (subject, text) = message.in_plain(now);
    let content = InboxContent {
        subject,
        text,
        code: message.code().map(|code| code.expose().to_owned().into()),
    };
    let place = sealed::inbox(due.environment, id);
    MessageEnd::Kept(NewInboxMessage {
        id,
        recipient: message.to.key().to_owned(),
        sealed: tools
            .instance
            .vault
            .seal(&place, &content.write(), tools.instance.ids.entropy()),
    })
}

async fn send(tools: &Tools, due: &DueMessage, message: &Message, now: Timestamp) -> Result<MessageEnd, StoreError> {
    let wanted = Wanted {
        environment: due.environment,
        to: &message.to,
        purpose: message.purpose(),
        channel: &due.channel,
        tried: &due.tried,
    };
    let usable = Usable::find(tools, &wanted, now).await?;
    // Mail and our own sender's calls carry an id that makes a second one harmless; the others know no such thing.
    if due.lost && matches!(due.channel.as_str(), "whatsapp" | "sms") {
        return Ok(unknown("this server stopped during the attempt"));
    }
    let Some(stored) = usable.of(&due.channel) else {
        let why = "the channel is not set up, stopped, or does not reach the destination";
        return fall_back(tools, due, &wanted, &usable, now, why).await;
    };
    let Some(channel) = open(tools, due.environment, stored) else {
        let why = "the channel's credentials cannot be read";
        return fall_back(tools, due, &wanted, &usable, now, why).await;
    };
    let failure = match tools.channels.send(tools.rules, &channel, message).await {
        Ok(sent) => {
            return Ok(MessageEnd::Sent {
                provider_id: sent.provider_id,
            });
        }
        Err(failure) => failure,
    };
    follow(tools, due, &wanted, &usable, stored, &failure).await
}

async fn follow(
    tools: &Tools,
    due: &DueMessage,
    wanted: &Wanted<'_>,
    usable: &Usable,
    stored: &StoredChannel,
    failure: &SendFailure,
) -> Result<MessageEnd, StoreError> {
    let now = tools.instance.clock.now();
    match failure.then {
        Then::Retry { after } => {
            if let Some(at) = retry_at(after, due.attempts, due.expires_at, now) {
                return Ok(again(due, &due.channel, false, at, failure.words));
            }
        }
        Then::FallBack => {}
        Then::Stop => stop(tools, due.environment, stored, failure, now).await?,
        Then::BadDestination(bad) => {
            mark(tools, wanted, bad, now).await?;
            if bad == Mark::DoesNotExist {
                return Ok(failed(failure.words));
            }
        }
        Then::Unknown => return Ok(unknown(failure.words)),
    }
    fall_back(tools, due, wanted, usable, now, failure.words).await
}

/// Goes on over the next channel, or ends.
async fn fall_back(
    tools: &Tools,
    due: &DueMessage,
    wanted: &Wanted<'_>,
    usable: &Usable,
    now: Timestamp,
    why: &'static str,
) -> Result<MessageEnd, StoreError> {
    if let Some(next) = usable.after(tools, wanted, now).await? {
        return Ok(again(due, &next.channel, next.fell_back, now, why));
    }
    lost(due.environment, due.id, &due.channel, wanted.purpose.is_none(), why);
    Ok(failed(why))
}

/// Whoever runs the environment has to know that a code reaches nobody. A notice keeps nobody out.
pub(super) fn lost(environment: EnvironmentId, message: MessageId, channel: &str, is_notice: bool, why: &'static str) {
    metrics::counter!("aboard_messages_lost_total", "channel" => channel.to_owned()).increment(1);
    if is_notice {
        tracing::warn!(
            %message, %environment, channel, reason = why,
            "a notice reaches nobody: no channel of this environment is left that could carry it"
        );
        return;
    }
    tracing::error!(
        %message, %environment, channel, reason = why,
        "a code reaches nobody: no channel of this environment is left that could carry it"
    );
}

fn again(due: &DueMessage, channel: &str, fell_back: bool, at: Timestamp, error: &str) -> MessageEnd {
    let mut tried = due.tried.clone();
    if channel != due.channel {
        tried.push(due.channel.clone());
    }
    MessageEnd::Again {
        at,
        channel: channel.to_owned(),
        fell_back,
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
