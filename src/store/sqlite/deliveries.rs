//! Deliveries, on SQLite.

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use super::{Sqlite, execute, first, query};
use crate::store::deliveries::tallies;
use crate::store::sql::params;
use crate::store::{DeliveryEnd, DeliveryResult, DueDelivery, Result};

const CLAIM: &str = "
    update jobs set due_at = :lease_until, lease_owner = :owner, attempts = attempts + 1
    where id in (select id from jobs where kind = 'delivery' and due_at <= :now order by due_at limit :limit)
    returning id";
const LOAD: &str = "
    select delivery.id, delivery.environment_id, environment.kind, delivery.event_id, delivery.url, delivery.header_set,
        delivery.secret_id, secret.sealed, delivery.sealed_body,
        coalesce(delivery.body, (select event.body from events event
            where delivery.webhook_id is not null and event.environment_id = delivery.environment_id and event.id = delivery.event_id)),
        delivery.attempts, delivery.created_at, delivery.webhook_id
    from deliveries delivery
    join environments environment on environment.id = delivery.environment_id
    left join webhook_secrets secret on secret.id = delivery.secret_id and delivery.webhook_id is null
    where delivery.id = :id and delivery.state = 'pending'";
const FREE: &str = "update jobs set due_at = :at, lease_owner = null where id = :id and lease_owner = :owner";
const DONE: &str = "delete from jobs where id = :id and lease_owner = :owner";
const RECORD: &str = "
    update deliveries set attempts = attempts + :made, last_status = :status, last_error = :error where id = :id
    returning attempts";
const FINISH: &str = "
    update deliveries set attempts = attempts + :made, last_status = :status, last_error = :error, state = :state,
        finished_at = :now, sealed_body = null
    where id = :id
    returning attempts";
const ATTEMPT: &str = "
    insert into delivery_attempts (delivery_id, number, at, duration_us, status, error, answer, next_at)
    values (:id, :number, :at, :duration, :status, :error, :answer, :next_at)";
const TALLY: &str = "
    update webhooks set delivered = delivered + :delivered, failed = failed + :failed,
        last_delivery_at = case when :delivered > 0 then :now else last_delivery_at end,
        failing_since = case when :delivered > 0 then null else coalesce(failing_since, :now) end
    where id = :id";
const REVOKE: &str = "
    update user_keys set revoked_at = :now where revoked_at is null and id = (select user_key_id from deliveries where id = :id)";

impl Sqlite {
    pub async fn claim_deliveries(
        &self,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>> {
        self.writer
            .write(move |connection| {
                let params = params![lease_until: lease_until, owner: owner, now: now, limit: i64::from(limit)];
                let claimed = query(connection, CLAIM, &params, usize::MAX, |row| row.id(0))?;
                let mut due = claimed
                    .into_iter()
                    .filter_map(|id| load(connection, id).transpose())
                    .collect::<Result<Vec<_>>>()?;
                due.sort_by_key(|delivery| delivery.id);
                Ok(due)
            })
            .await
    }

    pub async fn finish_deliveries(&self, owner: Uuid, results: Vec<DeliveryResult>, now: Timestamp) -> Result<u64> {
        self.writer
            .write(move |connection| {
                let mut taken = Vec::new();
                for result in &results {
                    if finish(connection, owner, result, now)? {
                        taken.push(result);
                    }
                }
                for (webhook, tally) in tallies(taken.iter().copied()) {
                    let row = params![
                        delivered: tally.delivered, failed: tally.failed, now: now, id: webhook.0,
                    ];
                    execute(connection, TALLY, &row)?;
                }
                Ok(taken.len() as u64)
            })
            .await
    }
}

fn load(connection: &Connection, id: Uuid) -> Result<Option<DueDelivery>> {
    first(connection, LOAD, &params![id: id], DueDelivery::read)
}

/// Whether the lease was still held and the result was taken.
fn finish(connection: &Connection, owner: Uuid, result: &DeliveryResult, now: Timestamp) -> Result<bool> {
    let id = result.id.0;
    let held = match &result.end {
        DeliveryEnd::Retry(at) => execute(connection, FREE, &params![at: *at, id: id, owner: owner])?,
        DeliveryEnd::Delivered | DeliveryEnd::GivenUp => execute(connection, DONE, &params![id: id, owner: owner])?,
    };
    if held == 0 {
        return Ok(false);
    }
    let (made, status) = (i64::from(result.made.is_some()), result.status.map(i64::from));
    let (state, next_at) = match result.end {
        DeliveryEnd::Retry(at) => (None, Some(at)),
        DeliveryEnd::Delivered => (Some("delivered"), None),
        DeliveryEnd::GivenUp => (Some("given_up"), None),
    };
    let error = result.error.as_deref();
    let number = match state {
        None => {
            let row = params![made: made, status: status, error: error, id: id];
            first(connection, RECORD, &row, |row| row.int(0))?
        }
        Some(state) => {
            let row = params![made: made, status: status, error: error, state: state, now: now, id: id];
            first(connection, FINISH, &row, |row| row.int(0))?
        }
    };
    if let (Some(made), Some(number)) = (&result.made, number) {
        let answer = Some(made.answer.clone()).filter(|answer| !answer.is_empty());
        let row = params![
            id: id, number: number, at: made.at, duration: made.duration_us, status: status, error: error, answer: answer,
            next_at: next_at,
        ];
        execute(connection, ATTEMPT, &row)?;
    }
    if matches!(result.end, DeliveryEnd::GivenUp) {
        execute(connection, REVOKE, &params![now: now, id: id])?;
    }
    Ok(true)
}
