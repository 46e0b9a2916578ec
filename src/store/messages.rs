//! Messages on their way: claimed under a lease, sent, and written down. And the inbox of a sandbox, in which they end.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use uuid::Uuid;

use super::happened::message_ended;
use super::scope::{ServerScope, SystemScope};
use super::sql::{Row, params};
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{ChallengeId, EnvironmentId, EnvironmentKind, InboxId, MessageId};

/// A message that is due and now leased to the caller.
#[derive(Debug, Clone)]
pub struct DueMessage {
    /// The message, and the job that is leased.
    pub id: MessageId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// The challenge whose code it carries.
    pub challenge: ChallengeId,
    /// `whatsapp`, `sms`, `email` or `http`.
    pub channel: String,
    /// The whole message, sealed.
    pub sealed: Vec<u8>,
    /// Attempts over this channel before this one.
    pub attempts: u32,
    /// The channels that it was on before.
    pub tried: Vec<String>,
    /// Whether an attempt was begun whose end nobody wrote down: it may have been sent.
    pub lost: bool,
    /// When its code ends: it is not sent afterwards.
    pub expires_at: Timestamp,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum MessageEnd {
    /// The provider took it: the code is erased.
    Sent {
        /// The provider's own name of it.
        provider_id: Option<String>,
    },
    /// A sandbox keeps it: nothing left this machine.
    Kept(NewInboxMessage),
    /// Another attempt at this time, over this channel.
    Again {
        /// When.
        at: Timestamp,
        /// Over which channel.
        channel: String,
        /// Whether it takes that channel because another one failed.
        fell_back: bool,
        /// The channels that it was on before.
        tried: Vec<String>,
        /// Why, in our own words.
        error: String,
    },
    /// It may have been sent: it is not sent again, and the code is erased.
    Unknown {
        /// Why, in our own words.
        error: String,
    },
    /// No more attempts: the code is erased.
    Failed {
        /// Why, in our own words.
        error: String,
    },
}

/// A message for the inbox.
#[derive(Debug, Clone)]
pub struct NewInboxMessage {
    /// Its id.
    pub id: InboxId,
    /// What the recipient is looked up by.
    pub recipient: String,
    /// Subject, text and code, sealed.
    pub sealed: Vec<u8>,
}

/// A message in an inbox.
#[derive(Debug, Clone)]
pub struct InboxMessage {
    /// Its id.
    pub id: InboxId,
    /// The channel that it would have taken.
    pub channel: String,
    /// Whom it was for.
    pub recipient: String,
    /// Subject, text and code, sealed.
    pub sealed: Vec<u8>,
    /// When it came.
    pub created_at: Timestamp,
}

const CLAIM: &str = "
    update jobs set due_at = :lease_until, lease_owner = :owner, attempts = attempts + 1
    where id in (select id from jobs where kind = 'message' and due_at <= :now order by due_at limit :limit)
    returning id";
// What a claim has just leased, and what was leased in the same moment before it.
const LOAD: &str = "
    select message.id, message.environment_id, environment.kind, message.challenge_id, message.channel, message.sealed,
        message.channel_attempts, message.expires_at, message.tried, message.attempts, job.attempts
    from jobs job join messages message on message.id = job.id
    join environments environment on environment.id = message.environment_id
    where job.kind = 'message' and job.due_at = :lease_until and job.lease_owner = :owner
        and message.state = 'pending' and message.sealed is not null
    order by message.id";
const FREE: &str = "update jobs set due_at = :at, lease_owner = null where id = :id and lease_owner = :owner";
const DONE: &str = "delete from jobs where id = :id and lease_owner = :owner";
const AGAIN: &str = "
    update messages set attempts = attempts + 1, last_error = :error, tried = :tried, channel = :channel,
        channel_attempts = case when channel = :channel then channel_attempts + 1 else 0 end,
        fell_back_at = case when cast(:fell_back as bigint) = 1 then :now else fell_back_at end
    where id = :id";
const FINISH: &str = "
    update messages set attempts = attempts + 1, state = :state, provider_id = :provider_id, last_error = :error, sealed = null,
        finished_at = :now
    where id = :id";
const KEEP: &str = "
    insert into inbox (environment_id, id, channel, recipient, sealed, created_at)
    select environment_id, :inbox, channel, :recipient, :sealed, :now from messages where id = :id";
const INBOX: &str = "
    select id, channel, recipient, sealed, created_at from inbox
    where environment_id = :environment and (cast(:any as bigint) = 1 or recipient = :recipient)
    order by id desc limit :limit";
const NEXT: &str = "select due_at from jobs where kind = 'message' order by due_at limit 1";

/// Messages that are finished side by side: on PostgreSQL their statements share round trips.
const AT_ONCE: usize = 16;

impl Store {
    /// Leases up to `limit` due messages to `owner` until `lease_until`.
    pub async fn claim_messages(
        &self,
        _: SystemScope,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueMessage>> {
        self.transact(move |tx| {
            async move {
                // Nodes claim one after the other, or two would take the same.
                tx.lock(&[b"claim messages"]).await?;
                let claim = params![lease_until: lease_until, owner: owner, now: now, limit: i64::from(limit)];
                let claimed: BTreeSet<Uuid> = tx.all(CLAIM, &claim, |row| row.id(0)).await?.into_iter().collect();
                if claimed.is_empty() {
                    return Ok(Vec::new());
                }
                let leased = params![lease_until: lease_until, owner: owner];
                let mut due = tx.all(LOAD, &leased, loaded).await?;
                due.retain(|message| claimed.contains(&message.id.0));
                let found: BTreeSet<Uuid> = due.iter().map(|message| message.id.0).collect();
                // Erased meanwhile: nothing is left to be sent.
                for id in claimed.difference(&found) {
                    tx.execute(DONE, &params![id: *id, owner: owner]).await?;
                }
                Ok(due)
            }
            .boxed()
        })
        .await
    }

    /// Writes down how attempts ended, all in one transaction; answers how many of the leases were still the owner's.
    pub async fn finish_messages(
        &self,
        _: SystemScope,
        owner: Uuid,
        mut ends: Vec<(MessageId, MessageEnd)>,
        now: Timestamp,
    ) -> Result<usize> {
        // In one order, so that two nodes never wait for each other.
        ends.sort_by_key(|(message, _)| *message);
        self.transact(move |tx| {
            async move {
                let mut held = 0;
                for some in ends.chunks(AT_ONCE) {
                    let finishing = some.iter().map(|(message, end)| finish(tx, owner, *message, end, now));
                    held += try_join_all(finishing).await?.into_iter().filter(|held| *held).count();
                }
                Ok(held)
            }
            .boxed()
        })
        .await
    }

    /// When the next message becomes due, or a lease runs out.
    pub async fn next_message_due(&self, _: SystemScope) -> Result<Option<Timestamp>> {
        self.one(NEXT, &[], |row| row.time(0)).await
    }

    /// What a sandbox would have sent, the newest first: to one recipient, or to all.
    pub async fn inbox(&self, scope: &ServerScope, recipient: Option<&str>, limit: u32) -> Result<Vec<InboxMessage>> {
        let params = params![
            environment: scope.environment.0, any: i64::from(recipient.is_none()), recipient: recipient.unwrap_or_default(),
            limit: i64::from(limit),
        ];
        self.all(INBOX, &params, |row| {
            Ok(InboxMessage {
                id: InboxId(row.id(0)?),
                channel: row.text(1)?,
                recipient: row.text(2)?,
                sealed: row.bytes(3)?,
                created_at: row.time(4)?,
            })
        })
        .await
    }
}

fn loaded(row: &Row<'_>) -> Result<DueMessage> {
    Ok(DueMessage {
        id: MessageId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        kind: row.word(2, EnvironmentKind::parse)?,
        challenge: ChallengeId(row.id(3)?),
        channel: row.text(4)?,
        sealed: row.bytes(5)?,
        attempts: u32::try_from(row.int(6)?).unwrap_or(u32::MAX),
        expires_at: row.time(7)?,
        tried: row.text(8)?.split_whitespace().map(str::to_owned).collect(),
        // The claim itself is counted already.
        lost: row.int(10)? > row.int(9)? + 1,
    })
}

async fn finish(tx: &Tx<'_>, owner: Uuid, message: MessageId, end: &MessageEnd, now: Timestamp) -> Result<bool> {
    let id = message.0;
    if let MessageEnd::Again {
        at,
        channel,
        fell_back,
        tried,
        error,
    } = end
    {
        if tx.execute(FREE, &params![at: *at, id: id, owner: owner]).await? == 0 {
            return Ok(false);
        }
        let again = params![
            channel: channel.as_str(), tried: tried.join(" "), error: error.as_str(), fell_back: i64::from(*fell_back),
            now: now, id: id,
        ];
        tx.execute(AGAIN, &again).await?;
        return Ok(true);
    }
    if tx.execute(DONE, &params![id: id, owner: owner]).await? == 0 {
        return Ok(false);
    }
    let (state, provider_id, error) = match end {
        MessageEnd::Sent { provider_id } => ("sent", provider_id.as_deref(), None),
        MessageEnd::Kept(kept) => {
            let params = params![
                inbox: kept.id.0, recipient: kept.recipient.as_str(), sealed: &kept.sealed[..], now: now, id: id,
            ];
            tx.execute(KEEP, &params).await?;
            ("delivered", None, None)
        }
        MessageEnd::Unknown { error } => ("unknown", None, Some(error.as_str())),
        MessageEnd::Failed { error } => ("failed", None, Some(error.as_str())),
        MessageEnd::Again { .. } => return Ok(true),
    };
    let finished = params![state: state, provider_id: provider_id, error: error, now: now, id: id];
    tx.execute(FINISH, &finished).await?;
    // What left is told of once it arrives, or does not.
    if matches!(state, "delivered" | "failed") {
        message_ended(tx, message, now).await?;
    }
    Ok(true)
}
