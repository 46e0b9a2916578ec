//! Deliveries, on SQLite.

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use super::{Sqlite, execute, first, query};
use crate::store::sql::params;
use crate::store::{DeliveryEnd, DeliveryResult, DueDelivery, Result};

const CLAIM: &str = "
    update jobs set due_at = :lease_until, lease_owner = :owner, attempts = attempts + 1
    where id in (select id from jobs where kind = 'delivery' and due_at <= :now order by due_at limit :limit)
    returning id";
const LOAD: &str = "
    select delivery.id, delivery.environment_id, environment.kind, delivery.event_id, delivery.url, delivery.header_set,
        delivery.secret_id, secret.sealed, delivery.sealed_body, delivery.body, delivery.attempts, delivery.created_at
    from deliveries delivery
    join environments environment on environment.id = delivery.environment_id
    join webhook_secrets secret on secret.id = delivery.secret_id
    where delivery.id = :id and delivery.state = 'pending'";
const FREE: &str = "update jobs set due_at = :at, lease_owner = null where id = :id and lease_owner = :owner";
const DONE: &str = "delete from jobs where id = :id and lease_owner = :owner";
const RECORD: &str = "
    update deliveries set attempts = attempts + 1, last_status = :status, last_error = :error where id = :id";
const FINISH: &str = "update deliveries set state = :state, finished_at = :now, sealed_body = null where id = :id";
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
                results.iter().try_fold(0, |taken, result| {
                    Ok(taken + u64::from(finish(connection, owner, result, now)?))
                })
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
    let record = params![status: result.status.map(i64::from), error: result.error.as_deref(), id: id];
    execute(connection, RECORD, &record)?;
    let state = match result.end {
        DeliveryEnd::Retry(_) => return Ok(true),
        DeliveryEnd::Delivered => "delivered",
        DeliveryEnd::GivenUp => "given_up",
    };
    execute(connection, FINISH, &params![state: state, now: now, id: id])?;
    if matches!(result.end, DeliveryEnd::GivenUp) {
        execute(connection, REVOKE, &params![now: now, id: id])?;
    }
    Ok(true)
}
