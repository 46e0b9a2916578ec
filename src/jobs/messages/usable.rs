//! The channels of an environment that can carry a message now, and which of them comes next.

use jiff::{SignedDuration, Timestamp};

use super::Tools;
use crate::channels::{Channel, ChannelKind, Mark, Purpose};
use crate::domain::{Destination, EnvironmentId};
use crate::sealed;
use crate::store::{NewMark, StoreError, StoredChannel};

/// How long a mark is believed.
const MARK_DAYS: i64 = 7;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a message needs of a channel.
pub(super) struct Wanted<'a> {
    pub environment: EnvironmentId,
    pub to: &'a Destination,
    /// What its code is for; `None` for a notice.
    pub purpose: Option<Purpose>,
    /// The channel that it is on, and those before.
    pub channel: &'a str,
    pub tried: &'a [String],
}

/// The channels that can carry it.
pub(super) struct Usable {
    channels: Vec<StoredChannel>,
    /// Whether the channel that was asked for is set at all.
    is_set: bool,
}

impl Usable {
    pub async fn find(tools: &Tools, wanted: &Wanted<'_>, now: Timestamp) -> Result<Self, StoreError> {
        let (store, system) = (&tools.instance.store, tools.instance.store.system());
        let marks = store
            .destination_marks(system, wanted.environment, wanted.to, now)
            .await?;
        let mut channels = store.channels(system, wanted.environment).await?;
        let is_set = channels.iter().any(|stored| stored.channel == wanted.channel);
        if marks.iter().any(|(_, mark)| mark == name_of(Mark::DoesNotExist)) {
            channels.clear();
        }
        channels.retain(|stored| {
            let kind = ChannelKind::from_name(&stored.channel);
            let carries = kind.is_some_and(|kind| kind.carries(wanted.to, wanted.purpose));
            carries && stored.stopped.is_none() && marks.iter().all(|(channel, _)| *channel != stored.channel)
        });
        Ok(Self { channels, is_set })
    }

    pub fn of(&self, channel: &str) -> Option<&StoredChannel> {
        self.channels.iter().find(|stored| stored.channel == channel)
    }

    /// The channel after the one that a message is on: the other one of the same destination, then the organization's
    /// own sender.
    pub async fn after(&self, tools: &Tools, wanted: &Wanted<'_>, now: Timestamp) -> Result<Option<Next>, StoreError> {
        let order: &[&str] = match wanted.to {
            Destination::Phone(_) => &["whatsapp", "sms", "http"],
            Destination::Email(_) => &["email", "http"],
        };
        let untried = |name: &&&str| **name != wanted.channel && !wanted.tried.iter().any(|tried| tried == **name);
        let Some(next) = order.iter().filter(untried).find_map(|name| self.of(name)) else {
            return Ok(None);
        };
        let channel = next.channel.clone();
        if !self.is_set {
            // Nobody meant that channel: this one is simply the environment's own.
            return Ok(Some(Next {
                channel,
                fell_back: false,
            }));
        }
        let (store, system) = (&tools.instance.store, tools.instance.store.system());
        let most = tools.instance.settings.of(wanted.environment).codes.fall_backs_per_hour;
        let has_room = store
            .may_fall_back(system, wanted.environment, &channel, wanted.to, now - HOUR, most)
            .await?;
        if has_room {
            return Ok(Some(Next {
                channel,
                fell_back: true,
            }));
        }
        metrics::counter!("aboard_fall_backs_refused_total", "channel" => channel.clone()).increment(1);
        tracing::warn!(
            environment = %wanted.environment, from = wanted.channel, to = channel, most,
            "too many messages fall back to this channel: codes are lost until the other one works again"
        );
        Ok(None)
    }
}

/// The channel that comes next.
pub(super) struct Next {
    pub channel: String,
    /// Whether it counts as a fall-back.
    pub fell_back: bool,
}

/// A stored channel, ready to send; `None` if its credentials cannot be read.
pub(super) fn open(tools: &Tools, environment: EnvironmentId, stored: &StoredChannel) -> Option<Channel> {
    let kind = ChannelKind::from_name(&stored.channel)?;
    let place = sealed::channel(environment, kind.name());
    let opened = tools.instance.vault.open(&place, &stored.sealed).ok()?;
    Channel::from_json(kind, opened.expose()).ok()
}

/// Remembers that a channel does not reach a destination.
pub(super) async fn mark(tools: &Tools, wanted: &Wanted<'_>, mark: Mark, now: Timestamp) -> Result<(), StoreError> {
    let marked = NewMark {
        to: wanted.to.clone(),
        channel: wanted.channel.to_owned(),
        mark: name_of(mark),
        until: now + SignedDuration::from_hours(MARK_DAYS * 24),
    };
    let store = &tools.instance.store;
    store.mark_destination(store.system(), wanted.environment, marked).await
}

/// Stops a channel until somebody sets it again, and says so.
pub(super) async fn stop(
    tools: &Tools,
    environment: EnvironmentId,
    stored: &StoredChannel,
    failure: &crate::channels::SendFailure,
    now: Timestamp,
) -> Result<(), StoreError> {
    let why = match failure.code {
        Some(code) => format!("{} (code {code})", failure.words),
        None => failure.words.to_owned(),
    };
    let store = &tools.instance.store;
    if store
        .stop_channel(store.system(), environment, stored, &why, now)
        .await?
    {
        metrics::counter!("aboard_channels_stopped_total", "channel" => stored.channel.clone()).increment(1);
        tracing::error!(
            %environment, channel = stored.channel, reason = why,
            "a channel is stopped until it is set again, or `aboard channels test` goes through"
        );
    }
    Ok(())
}

/// The name in rows.
fn name_of(mark: Mark) -> &'static str {
    match mark {
        Mark::NotOnThisChannel => "not_on_this_channel",
        Mark::DoesNotExist => "does_not_exist",
        Mark::OptedOut => "opted_out",
    }
}
