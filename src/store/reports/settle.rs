//! What a report comes to: the message has come so far, or has failed and its code goes out once more.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{MessageId, OneTimeCode};
use crate::store::happened::message_ended;
use crate::store::scope::SystemScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// What a report came to.
#[derive(Debug, Clone)]
pub enum ReportEnd {
    /// Nothing is to be done.
    Done,
    /// What it is about is not there yet: again at this time.
    Later(Timestamp),
    /// The message left the provider, or arrived.
    Came {
        /// Which.
        message: MessageId,
        /// Whether it arrived.
        delivered: bool,
        /// The provider's name of it.
        provider_id: Option<String>,
    },
    /// The message did not arrive.
    Failed {
        /// Which.
        message: MessageId,
        /// Why, in our own words.
        error: String,
        /// What goes out instead, as long as the code works.
        next: Option<NextMessage>,
    },
}

/// Another message of the same challenge.
#[derive(Debug, Clone)]
pub struct NextMessage {
    /// Its id, and its job's.
    pub id: MessageId,
    /// The channel that it takes.
    pub channel: String,
    /// Whether another channel took it before.
    pub fell_back: bool,
    /// Attempts over this channel before.
    pub attempts: u32,
    /// The channels that it was on before.
    pub tried: Vec<String>,
    /// The whole message, sealed.
    pub sealed: Vec<u8>,
    /// When it is due.
    pub at: Timestamp,
}

const DONE: &str = "delete from jobs where id = :id and lease_owner = :owner";
const LATER: &str = "update jobs set due_at = :at, lease_owner = null where id = :id and lease_owner = :owner";
const CAME: &str = "
    update messages set state = 'sent', provider_id = coalesce(provider_id, :provider_id)
    where id = :id and state = 'unknown'";
// A device that shows it undoes a failure.
const ARRIVED: &str = "
    update messages set state = 'delivered', provider_id = coalesce(provider_id, :provider_id)
    where id = :id and state in ('sent', 'unknown', 'failed')";
const FAILED: &str = "
    update messages set state = 'failed', last_error = :error where id = :id and state in ('sent', 'unknown')";
const ADD_NEXT: &str = "
    insert into messages (id, environment_id, challenge_id, channel, sealed, state, attempts, channel_attempts, tried, expires_at, created_at,
        fell_back_at)
    select :id, failed.environment_id, failed.challenge_id, :channel, :sealed, 'pending', 0, :attempts, :tried, failed.expires_at, :now,
        :fell_back_at
    from messages failed join challenges challenge on challenge.id = failed.challenge_id
    where failed.id = :failed and challenge.used_at is null and challenge.expires_at > :now and challenge.tries < :most_tries";
const ADD_NEXT_JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, created_at)
    select id, environment_id, 'message', :at, 0, :now from messages where id = :id";

impl Store {
    /// Writes down what a report came to; false if its lease was lost to another owner.
    pub async fn settle_report(
        &self,
        _: SystemScope,
        owner: Uuid,
        report: Uuid,
        end: ReportEnd,
        now: Timestamp,
    ) -> Result<bool> {
        self.transact(move |tx| async move { settle(tx, owner, report, end, now).await }.boxed())
            .await
    }
}

async fn settle(tx: &Tx<'_>, owner: Uuid, report: Uuid, end: ReportEnd, now: Timestamp) -> Result<bool> {
    if let ReportEnd::Later(at) = end {
        let later = params![at: at, id: report, owner: owner];
        return Ok(tx.execute(LATER, &later).await? == 1);
    }
    if tx.execute(DONE, &params![id: report, owner: owner]).await? == 0 {
        return Ok(false);
    }
    match end {
        ReportEnd::Done | ReportEnd::Later(_) => {}
        ReportEnd::Came {
            message,
            delivered,
            provider_id,
        } => {
            let sql = if delivered { ARRIVED } else { CAME };
            let came = params![provider_id: provider_id, id: message.0];
            if tx.execute(sql, &came).await? == 1 && delivered {
                message_ended(tx, message, now).await?;
            }
        }
        ReportEnd::Failed { message, error, next } => {
            let failed = params![error: error, id: message.0];
            // A copy of the report, or what another device reported, was there before.
            if tx.execute(FAILED, &failed).await? == 1 {
                message_ended(tx, message, now).await?;
                if let Some(next) = next {
                    add_next(tx, message, next, now).await?;
                }
            }
        }
    }
    Ok(true)
}

async fn add_next(tx: &Tx<'_>, failed: MessageId, next: NextMessage, now: Timestamp) -> Result<()> {
    let added = params![
        id: next.id.0, channel: next.channel, sealed: next.sealed, attempts: i64::from(next.attempts),
        tried: next.tried.join(" "), now: now, fell_back_at: next.fell_back.then_some(now), failed: failed.0,
        most_tries: OneTimeCode::MOST_TRIES,
    ];
    tx.execute(ADD_NEXT, &added).await?;
    tx.execute(ADD_NEXT_JOB, &params![at: next.at, now: now, id: next.id.0])
        .await?;
    Ok(())
}
