//! What has ended is deleted in small batches.

use jiff::Timestamp;

use super::scope::SystemScope;
use super::sql::{Script, params};
use super::{Result, Store};

/// Rows of each table that one sweep deletes at most.
const BATCH: i64 = 1_000;

// Every table's own life is in `docs/reference/retention.md`.
const LINKS: &str = "delete from login_links where id in (
    select id from login_links where expires_at < :before order by id limit :batch)";
const SESSIONS: &str = "delete from sessions where id in (
    select id from sessions where expires_at < :before or ended_at < :before order by id limit :batch)";
const IDEMPOTENCY: &str = "delete from idempotency_keys where id in (
    select id from idempotency_keys where expires_at < :now order by expires_at limit :batch)";
const EVENTS: &str = "delete from events where seq in (
    select seq from events where created_at < :events_before order by seq limit :batch)";
const DELIVERIES: &str = "delete from deliveries where id in (
    select id from deliveries where state <> 'pending' and finished_at < :events_before order by id limit :batch)";

impl Store {
    /// Deletes one batch of what has ended: links and sessions an hour after their end, idempotency keys at
    /// their end, events and finished deliveries after 30 days. Answers how many rows went.
    pub async fn sweep(&self, _: SystemScope, now: Timestamp) -> Result<u64> {
        let before = now - jiff::SignedDuration::from_hours(1);
        let events_before = now - jiff::SignedDuration::from_hours(30 * 24);
        let script = Script::default()
            .then(LINKS, params![before: before, batch: BATCH])
            .then(SESSIONS, params![before: before, batch: BATCH])
            .then(IDEMPOTENCY, params![now: now, batch: BATCH])
            .then(EVENTS, params![events_before: events_before, batch: BATCH])
            .then(DELIVERIES, params![events_before: events_before, batch: BATCH]);
        Ok(self.run(script).await?.into_iter().sum())
    }
}
