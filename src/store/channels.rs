//! The channels of an environment: their sealed credentials, whether they are stopped, and whom they do not reach.

use jiff::Timestamp;

use super::audit::Entry;
use super::scope::{AdminScope, ProviderScope, SystemScope};
use super::sql::{Row, Script, params};
use super::{Result, Store};
use crate::domain::{Destination, EnvironmentId};

/// A channel of an environment as it is stored.
#[derive(Debug, Clone)]
pub struct StoredChannel {
    /// `whatsapp`, `sms`, `email` or `http`.
    pub channel: String,
    /// Its credentials, sealed.
    pub sealed: Vec<u8>,
    /// When they were set, or a stopped channel was put back to work.
    pub updated_at: Timestamp,
    /// Why it is stopped, if it is.
    pub stopped: Option<String>,
    /// Since when it is stopped.
    pub stopped_at: Option<Timestamp>,
}

/// A channel that does not reach a destination.
#[derive(Debug, Clone)]
pub struct NewMark {
    /// The destination.
    pub to: Destination,
    /// The channel.
    pub channel: String,
    /// `not_on_this_channel`, `does_not_exist` or `opted_out`.
    pub mark: &'static str,
    /// Until when that is believed.
    pub until: Timestamp,
}

const SET: &str = "
    insert into channel_credentials (environment_id, channel, sealed, updated_at)
    values (:environment, :channel, :sealed, :now)
    on conflict (environment_id, channel) do update set sealed = excluded.sealed, updated_at = excluded.updated_at,
        stopped_at = null, stopped_why = null";
const REMOVE: &str = "delete from channel_credentials where environment_id = :environment and channel = :channel";
// What an attempt under way still finds wrong with it says nothing any more: it has seen another time.
const START: &str = "
    update channel_credentials set stopped_at = null, stopped_why = null, updated_at = :now
    where environment_id = :environment and channel = :channel and stopped_at is not null";
const STOP: &str = "
    update channel_credentials set stopped_at = :now, stopped_why = :why
    where environment_id = :environment and channel = :channel and updated_at = :seen and stopped_at is null";
const CHANNELS: &str = "
    select channel, sealed, updated_at, stopped_why, stopped_at from channel_credentials
    where environment_id = :environment order by channel";
const ONE: &str = "
    select channel, sealed, updated_at, stopped_why, stopped_at from channel_credentials
    where environment_id = :environment and channel = :channel";
const STOPPED: &str = "select count(*) from channel_credentials where stopped_at is not null";
const MARK: &str = "
    insert into destination_marks (environment_id, kind, key, channel, mark, expires_at)
    values (:environment, :kind, :key, :channel, :mark, :until)
    on conflict (environment_id, kind, key, channel) do update set mark = excluded.mark, expires_at = excluded.expires_at";
const MARKS: &str = "
    select channel, mark from destination_marks
    where environment_id = :environment and kind = :kind and key = :key and expires_at > :now";

impl Store {
    /// Sets the credentials of an environment's channel, sealed; one that was stopped works again.
    pub async fn set_channel(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        channel: &'static str,
        sealed: Vec<u8>,
        now: Timestamp,
    ) -> Result<()> {
        let params = params![environment: environment.0, channel: channel, sealed: sealed, now: now];
        let entry = Entry::of("channel.set", environment, channel).without_revision();
        self.change(scope, entry, Script::default().then(SET, params), now)
            .await?;
        Ok(())
    }

    /// Takes a channel and its credentials away; false if it was not set.
    pub async fn remove_channel(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        channel: &'static str,
        now: Timestamp,
    ) -> Result<bool> {
        let script = Script::default().then(REMOVE, params![environment: environment.0, channel: channel]);
        let entry = Entry::of("channel.removed", environment, channel).without_revision();
        self.change(scope, entry, script, now).await
    }

    /// Puts a stopped channel back to work as it is set; false if it was not stopped.
    pub async fn start_channel(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        channel: &'static str,
        now: Timestamp,
    ) -> Result<bool> {
        let script = Script::default().then(START, params![now: now, environment: environment.0, channel: channel]);
        let entry = Entry::of("channel.started", environment, channel).without_revision();
        self.change(scope, entry, script, now).await
    }

    /// The channels of an environment with their sealed credentials, and since when.
    pub async fn channels(&self, _: SystemScope, environment: EnvironmentId) -> Result<Vec<StoredChannel>> {
        self.all(CHANNELS, &params![environment: environment.0], read).await
    }

    /// The channel whose address a provider calls, and what the caller may do once its signature is checked; `None`
    /// if it is not set.
    pub async fn provider_channel(
        &self,
        environment: EnvironmentId,
        channel: &'static str,
    ) -> Result<Option<(ProviderScope, StoredChannel)>> {
        let found = self
            .one(ONE, &params![environment: environment.0, channel: channel], read)
            .await?;
        Ok(found.map(|stored| (ProviderScope { environment, channel }, stored)))
    }

    /// How many channels of all environments are stopped.
    pub async fn stopped_channels(&self, _: SystemScope) -> Result<u32> {
        let count = self.one(STOPPED, &[], |row| row.int(0)).await?;
        Ok(count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default())
    }

    /// Stops a channel that is out of order until somebody sets it again; false if somebody just did.
    pub async fn stop_channel(
        &self,
        _: SystemScope,
        environment: EnvironmentId,
        stopped: &StoredChannel,
        why: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let params = params![
            environment: environment.0, channel: stopped.channel.clone(), seen: stopped.updated_at, why: why.to_owned(), now: now,
        ];
        let changed = self.run(Script::default().then(STOP, params)).await?;
        Ok(changed.first() == Some(&1))
    }

    /// Remembers that a channel does not reach a destination.
    pub async fn mark_destination(&self, _: SystemScope, environment: EnvironmentId, mark: NewMark) -> Result<()> {
        let params = params![
            environment: environment.0, kind: mark.to.kind(), key: mark.to.key().to_owned(), channel: mark.channel, mark: mark.mark,
            until: mark.until,
        ];
        self.run(Script::default().then(MARK, params)).await?;
        Ok(())
    }

    /// The channels that are known not to reach a destination, with what is known.
    pub async fn destination_marks(
        &self,
        _: SystemScope,
        environment: EnvironmentId,
        to: &Destination,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>> {
        let params = params![environment: environment.0, kind: to.kind(), key: to.key(), now: now];
        self.all(MARKS, &params, |row| Ok((row.text(0)?, row.text(1)?))).await
    }
}

fn read(row: &Row<'_>) -> Result<StoredChannel> {
    Ok(StoredChannel {
        channel: row.text(0)?,
        sealed: row.bytes(1)?,
        updated_at: row.time(2)?,
        stopped: row.opt_text(3)?,
        stopped_at: row.opt_time(4)?,
    })
}
