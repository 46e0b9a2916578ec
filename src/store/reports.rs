//! What providers report: each report once, as a job of its own, and what becomes of the message that it is about.

mod settle;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use uuid::Uuid;

pub use settle::{NextMessage, ReportEnd};

use super::challenges::caps::IS_PROVEN;
use super::challenges::resend::destination;
use super::scope::{ProviderScope, SystemScope};
use super::sql::params;
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{ChallengeId, Destination, EnvironmentId, MessageId, Purpose};

/// A report that a provider has just made.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// Its id, and its job's.
    pub id: Uuid,
    /// The same for all copies of it.
    pub digest: [u8; 32],
    /// The provider's name of the message; `None` if it is about the whole account.
    pub provider_id: Option<String>,
    /// Our own id of the message, where the provider gives it back.
    pub message: Option<MessageId>,
    /// `accepted`, `sent`, `failed`, `delivered` or `read`.
    pub progress: &'static str,
    /// The provider's code of a failure.
    pub code: Option<i64>,
}

/// A report that is due and now leased to the caller.
#[derive(Debug, Clone)]
pub struct DueReport {
    /// The report, and the job that is leased.
    pub id: Uuid,
    /// Whose channel it came to.
    pub environment: EnvironmentId,
    /// `whatsapp` or `sms`.
    pub channel: String,
    /// As in [`NewReport`].
    pub provider_id: Option<String>,
    /// As in [`NewReport`].
    pub message: Option<MessageId>,
    /// As in [`NewReport`].
    pub progress: String,
    /// As in [`NewReport`].
    pub code: Option<i64>,
    /// When it came.
    pub received_at: Timestamp,
    /// How often it was worked on, this time included.
    pub attempts: u32,
}

/// The message that a report is about.
#[derive(Debug, Clone)]
pub struct ReportedMessage {
    /// Its id.
    pub id: MessageId,
    /// `pending`, `sent`, `unknown`, `delivered` or `failed`.
    pub state: String,
    /// Attempts over the channel that it took.
    pub attempts: u32,
    /// The channels that it was on before.
    pub tried: Vec<String>,
    /// The challenge whose code it carries.
    pub challenge: ChallengeId,
    /// What the code is for.
    pub purpose: Purpose,
    /// Where it goes.
    pub to: Destination,
    /// The code's MAC.
    pub mac: Vec<u8>,
    /// Who asks for it.
    pub asked_by: String,
    /// The language of its messages.
    pub language: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

const ADD: &str = "
    insert into provider_reports (id, environment_id, channel, digest, provider_id, message_id, progress, code, received_at)
    values (:id, :environment, :channel, :digest, :provider_id, :message, :progress, :code, :now)
    on conflict (environment_id, channel, digest) do nothing";
const ADD_JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, created_at) values (:id, :environment, 'report', :now, 0, :now)";
const CLAIM: &str = "
    update jobs set due_at = :lease_until, lease_owner = :owner, attempts = attempts + 1
    where id in (select id from jobs where kind = 'report' and due_at <= :now order by due_at limit :limit)
    returning id";
const LOAD: &str = "
    select report.environment_id, report.channel, report.provider_id, report.message_id, report.progress, report.code,
        report.received_at, job.attempts
    from provider_reports report join jobs job on job.id = report.id where report.id = :id";
const NEXT: &str = "select due_at from jobs where kind = 'report' order by due_at limit 1";
// By the provider's name of it, or by ours while nobody has written down the provider's.
const FIND_NAMED: &str = "
    select message.id, message.state, message.channel_attempts, message.tried, message.challenge_id, challenge.purpose,
        challenge.kind, challenge.key, challenge.code_mac, challenge.asked_by, challenge.language, challenge.expires_at
    from messages message join challenges challenge on challenge.id = message.challenge_id
    where message.provider_id = :provider_id and message.environment_id = :environment and message.channel = :channel";
const FIND_OURS: &str = "
    select message.id, message.state, message.channel_attempts, message.tried, message.challenge_id, challenge.purpose,
        challenge.kind, challenge.key, challenge.code_mac, challenge.asked_by, challenge.language, challenge.expires_at
    from messages message join challenges challenge on challenge.id = message.challenge_id
    where message.id = :id and message.environment_id = :environment and message.channel = :channel
        and message.provider_id is null";
const NOTICE: &str = "
    select id from messages
    where provider_id = :provider_id and environment_id = :environment and channel = :channel and notice is not null
        and state <> 'pending'";
const FELL_BACK: &str = "
    select count(*) from messages
    where environment_id = :environment and channel = :channel and fell_back_at > :since and fell_back_at is not null";

impl Store {
    /// Takes reports over; those that were made before are left out. Answers how many were new.
    pub async fn take_reports(&self, scope: &ProviderScope, reports: Vec<NewReport>, now: Timestamp) -> Result<usize> {
        let ProviderScope { environment, channel } = *scope;
        self.transact(move |tx| {
            async move {
                let mut taken = 0;
                for report in &reports {
                    let added = params![
                        id: report.id, environment: environment.0, channel: channel, digest: &report.digest[..],
                        provider_id: report.provider_id.as_deref(), message: report.message.map(|message| message.0),
                        progress: report.progress, code: report.code, now: now,
                    ];
                    if tx.execute(ADD, &added).await? == 1 {
                        let job = params![id: report.id, environment: environment.0, now: now];
                        tx.execute(ADD_JOB, &job).await?;
                        taken += 1;
                    }
                }
                Ok(taken)
            }
            .boxed()
        })
        .await
    }

    /// Leases up to `limit` due reports to `owner` until `lease_until`.
    pub async fn claim_reports(
        &self,
        _: SystemScope,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueReport>> {
        self.transact(move |tx| {
            async move {
                // Nodes claim one after the other, or two would take the same.
                tx.lock(&[b"claim reports"]).await?;
                let claim = params![lease_until: lease_until, owner: owner, now: now, limit: i64::from(limit)];
                let mut due = Vec::new();
                for id in tx.all(CLAIM, &claim, |row| row.id(0)).await? {
                    due.extend(load(tx, id).await?);
                }
                due.sort_by_key(|report| report.id);
                Ok(due)
            }
            .boxed()
        })
        .await
    }

    /// When the next report becomes due, or a lease runs out.
    pub async fn next_report_due(&self, _: SystemScope) -> Result<Option<Timestamp>> {
        self.one(NEXT, &[], |row| row.time(0)).await
    }

    /// The message that a report is about, if it is one of the channel that the report came to.
    pub async fn reported_message(&self, _: SystemScope, report: &DueReport) -> Result<Option<ReportedMessage>> {
        let (environment, channel) = (report.environment.0, report.channel.as_str());
        if let Some(provider_id) = report.provider_id.as_deref() {
            let named = params![provider_id: provider_id, environment: environment, channel: channel];
            let found = self.one(FIND_NAMED, &named, reported).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some(message) = report.message else {
            return Ok(None);
        };
        let ours = params![id: message.0, environment: environment, channel: channel];
        self.one(FIND_OURS, &ours, reported).await
    }

    /// The notice that a report is about, if it is one of the channel that the report came to.
    pub async fn reported_notice(&self, _: SystemScope, report: &DueReport) -> Result<Option<MessageId>> {
        let Some(provider_id) = report.provider_id.as_deref() else {
            return Ok(None);
        };
        let named = params![
            provider_id: provider_id, environment: report.environment.0, channel: report.channel.as_str(),
        ];
        self.one(NOTICE, &named, |row| Ok(MessageId(row.id(0)?))).await
    }

    /// Whether another message may take a channel because another one failed: fewer than `most` did since then, or it
    /// goes to somebody who has proven the address, whom nobody else may keep from it.
    pub async fn may_fall_back(
        &self,
        _: SystemScope,
        environment: EnvironmentId,
        channel: &str,
        to: &Destination,
        since: Timestamp,
        most: u32,
    ) -> Result<bool> {
        let since = params![environment: environment.0, channel: channel, since: since];
        let count = self.one(FELL_BACK, &since, |row| row.int(0)).await?;
        if count.unwrap_or_default() < i64::from(most) {
            return Ok(true);
        }
        let whose = params![environment: environment.0, kind: to.kind(), key: to.key()];
        Ok(self.one(IS_PROVEN, &whose, |_| Ok(())).await?.is_some())
    }
}

async fn load(tx: &Tx<'_>, id: Uuid) -> Result<Option<DueReport>> {
    tx.one(LOAD, &params![id: id], |row| {
        Ok(DueReport {
            id,
            environment: EnvironmentId(row.id(0)?),
            channel: row.text(1)?,
            provider_id: row.opt_text(2)?,
            message: row.opt_id(3)?.map(MessageId),
            progress: row.text(4)?,
            code: row.opt_int(5)?,
            received_at: row.time(6)?,
            attempts: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        })
    })
    .await
}

fn reported(row: &super::sql::Row<'_>) -> Result<ReportedMessage> {
    Ok(ReportedMessage {
        id: MessageId(row.id(0)?),
        state: row.text(1)?,
        attempts: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
        tried: row.text(3)?.split_whitespace().map(str::to_owned).collect(),
        challenge: ChallengeId(row.id(4)?),
        purpose: row.word(5, Purpose::from_name)?,
        to: destination(row, 6)?,
        mac: row.bytes(8)?,
        asked_by: row.text(9)?,
        language: row.text(10)?,
        expires_at: row.time(11)?,
    })
}
