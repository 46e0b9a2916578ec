//! Webhook deliveries: claimed under a lease, finished in batches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::scope::SystemScope;
use super::sql::Row;
use super::{Engine, Result, Store};
use crate::domain::{DeliveryId, EnvironmentId, EnvironmentKind, EventId, WebhookId, WebhookSecretId};

/// A delivery that is due and now leased to the caller.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// The delivery, and the job that is leased.
    pub id: DeliveryId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// What it tells about: `webhook-id`, the same over all attempts.
    pub event: EventId,
    /// Where to.
    pub url: String,
    /// `partner` or `standard`: which headers it carries.
    pub header_set: String,
    /// The secret that signs it; a webhook's deliveries are signed with those that the webhook has when they are sent.
    pub secret: WebhookSecretId,
    /// The sealed secret; nothing for a webhook.
    pub sealed_secret: Vec<u8>,
    /// The sealed body, if it holds a secret.
    pub sealed_body: Option<Vec<u8>>,
    /// The raw body, if it holds none.
    pub body: Option<Vec<u8>>,
    /// The webhook that it is for; `None` for a partner's.
    pub webhook: Option<WebhookId>,
    /// Attempts made before this one.
    pub attempts: u32,
    /// When the first attempt became due.
    pub created_at: Timestamp,
}

impl DueDelivery {
    /// The columns that both engines' claims answer, in this order.
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: DeliveryId(row.id(0)?),
            environment: EnvironmentId(row.id(1)?),
            kind: row.word(2, EnvironmentKind::parse)?,
            event: EventId(row.id(3)?),
            url: row.text(4)?,
            header_set: row.text(5)?,
            secret: WebhookSecretId(row.id(6)?),
            sealed_secret: row.opt_bytes(7)?.unwrap_or_default(),
            sealed_body: row.opt_bytes(8)?,
            body: row.opt_bytes(9)?,
            attempts: u32::try_from(row.int(10)?).unwrap_or(u32::MAX),
            created_at: row.time(11)?,
            webhook: row.opt_id(12)?.map(WebhookId),
        })
    }
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum DeliveryEnd {
    /// The receiver has it: a sealed body is erased.
    Delivered,
    /// Another attempt at the given time.
    Retry(Timestamp),
    /// No more attempts: a sealed body is erased and the user key in it is revoked.
    GivenUp,
}

/// An attempt that was made.
#[derive(Debug, Clone)]
pub struct MadeAttempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// The beginning of the answer's body.
    pub answer: Vec<u8>,
}

/// The outcome of one attempt.
#[derive(Debug, Clone)]
pub struct DeliveryResult {
    /// The delivery.
    pub id: DeliveryId,
    /// The webhook that it is for.
    pub webhook: Option<WebhookId>,
    /// The attempt; `None` if nothing was sent, because there is nobody left to send it to.
    pub made: Option<MadeAttempt>,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// Why it failed, in a few words; never a body or a header.
    pub error: Option<String>,
    /// What follows.
    pub end: DeliveryEnd,
}

/// What a batch of results says of one webhook.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub delivered: i64,
    pub failed: i64,
}

/// The tallies of a batch, in the order of the webhooks.
pub(super) fn tallies<'r>(results: impl Iterator<Item = &'r DeliveryResult>) -> BTreeMap<WebhookId, Tally> {
    let mut tallies: BTreeMap<WebhookId, Tally> = BTreeMap::new();
    for result in results.filter(|result| result.made.is_some()) {
        let Some(webhook) = result.webhook else { continue };
        let tally = tallies.entry(webhook).or_default();
        match result.end {
            DeliveryEnd::Delivered => tally.delivered += 1,
            DeliveryEnd::Retry(_) | DeliveryEnd::GivenUp => tally.failed += 1,
        }
    }
    tallies
}

impl Store {
    /// Leases up to `limit` due deliveries to `owner` until `lease_until`, oldest first. A lease that runs out
    /// makes the delivery due again.
    pub async fn claim_deliveries(
        &self,
        _: SystemScope,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.claim_deliveries(owner, now, lease_until, limit).await,
            Engine::Postgres(engine) => engine.claim_deliveries(owner, now, lease_until, limit).await,
        }
    }

    /// Writes down how attempts ended, all in one transaction. A result whose lease was lost to another owner
    /// changes nothing. Answers how many were taken.
    pub async fn finish_deliveries(
        &self,
        _: SystemScope,
        owner: Uuid,
        results: Vec<DeliveryResult>,
        now: Timestamp,
    ) -> Result<u64> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.finish_deliveries(owner, results, now).await,
            Engine::Postgres(engine) => engine.finish_deliveries(owner, results, now).await,
        }
    }

    /// When the next delivery becomes due, or a lease runs out.
    pub async fn next_delivery_due(&self, _: SystemScope) -> Result<Option<Timestamp>> {
        self.one(
            "select due_at from jobs where kind = 'delivery' order by due_at limit 1",
            &[],
            |row| row.time(0),
        )
        .await
    }
}
