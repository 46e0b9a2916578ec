//! Deliveries, on PostgreSQL.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::Postgres;
use super::sql::{execute, named, query};
use super::writers::to_its_end;
use crate::store::sql::Row;
use crate::store::{DeliveryEnd, DeliveryResult, DueDelivery, Result};

// Jobs that another node is just claiming are skipped instead of waited for.
const CLAIM: &str = "
    with due as materialized (
        select id from jobs where kind = 'delivery' and due_at <= :now order by due_at limit :limit for update skip locked
    ), claimed as (
        update jobs set due_at = :lease_until, lease_owner = :owner, attempts = attempts + 1
        where id = any(array(select id from due)) returning id
    )
    select delivery.id, delivery.environment_id, environment.kind, delivery.event_id, delivery.url, delivery.header_set,
        delivery.secret_id, secret.sealed, delivery.sealed_body, delivery.body, delivery.attempts, delivery.created_at
    from claimed
    cross join lateral (select * from deliveries where id = claimed.id and state = 'pending' offset 0) delivery
    cross join lateral (select kind from environments where id = delivery.environment_id offset 0) environment
    cross join lateral (select sealed from webhook_secrets where id = delivery.secret_id offset 0) secret
    order by delivery.id";
// Whose lease is held is decided under the lock of the job; all else follows from that.
const FINISH: &str = "
    with held as materialized (
        select result.*
        from unnest(:id::uuid[], :status::bigint[], :error::text[], :end_state::text[], :retry_at::timestamptz[])
            as result (id, status, error, end_state, retry_at)
        cross join lateral (select id from jobs where id = result.id and lease_owner = :owner for update) job
    ), freed as (
        update jobs set lease_owner = null, due_at = (select retry_at from held where held.id = jobs.id)
        where id = any(array(select id from held where end_state = 'pending'))
    ), done as (
        delete from jobs where id = any(array(select id from held where end_state <> 'pending'))
    ), recorded as (
        update deliveries delivery set attempts = attempts + 1, (last_status, last_error, state, finished_at, sealed_body) = (
            select held.status, held.error,
                case held.end_state when 'pending' then delivery.state else held.end_state end,
                case held.end_state when 'pending' then delivery.finished_at else :now end,
                case held.end_state when 'pending' then delivery.sealed_body end
            from held where held.id = delivery.id)
        where id = any(array(select id from held))
        returning id, user_key_id
    ), revoked as (
        update user_keys set revoked_at = :now
        where revoked_at is null and id = any(array(
            select recorded.user_key_id from recorded join held on held.id = recorded.id where held.end_state = 'given_up'))
    )
    select id from held";

impl Postgres {
    pub async fn claim_deliveries(
        &self,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>> {
        let writers = self.0.writers.clone();
        to_its_end(async move {
            let lease = writers.lease().await?;
            let params = named![lease_until: lease_until, owner: owner, now: now, limit: i64::from(limit)];
            let due = query(&lease, CLAIM, &params).await;
            let due = lease.end_single(due)?;
            due.iter().map(|row| DueDelivery::read(&Row::Postgres(row))).collect()
        })
        .await
    }

    pub async fn finish_deliveries(&self, owner: Uuid, results: Vec<DeliveryResult>, now: Timestamp) -> Result<u64> {
        let writers = self.0.writers.clone();
        to_its_end(async move {
            // A second result of one delivery comes after its lease has ended.
            let mut seen = HashSet::new();
            let mut results: Vec<_> = results.iter().filter(|result| seen.insert(result.id)).collect();
            results.sort_by_key(|result| result.id);
            let ids: Vec<_> = results.iter().map(|result| result.id.0).collect();
            let statuses: Vec<_> = results.iter().map(|result| result.status.map(i64::from)).collect();
            let errors: Vec<_> = results.iter().map(|result| result.error.as_deref()).collect();
            let ends: Vec<_> = results.iter().map(|result| end_state(&result.end)).collect();
            let retries: Vec<_> = results.iter().map(|result| retry_at(&result.end)).collect();
            let params = named![
                id: ids, status: statuses, error: errors, end_state: ends, retry_at: retries, owner: owner, now: now,
            ];
            let lease = writers.lease().await?;
            let held = execute(&lease, FINISH, &params).await;
            lease.end_single(held)
        })
        .await
    }
}

/// The state of a delivery after an attempt.
fn end_state(end: &DeliveryEnd) -> &'static str {
    match end {
        DeliveryEnd::Delivered => "delivered",
        DeliveryEnd::Retry(_) => "pending",
        DeliveryEnd::GivenUp => "given_up",
    }
}

fn retry_at(end: &DeliveryEnd) -> Option<Timestamp> {
    match end {
        DeliveryEnd::Retry(at) => Some(*at),
        DeliveryEnd::Delivered | DeliveryEnd::GivenUp => None,
    }
}
