//! Deliveries, on PostgreSQL.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::Postgres;
use super::sql::{Named, execute, named, query};
use super::writers::{Lease, to_its_end};
use crate::store::deliveries::tallies;
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
        delivery.secret_id, secret.sealed, delivery.sealed_body,
        coalesce(delivery.body, (select event.body from events event
            where delivery.webhook_id is not null and event.environment_id = delivery.environment_id and event.id = delivery.event_id)),
        delivery.attempts, delivery.created_at, delivery.webhook_id
    from claimed
    cross join lateral (select * from deliveries where id = claimed.id and state = 'pending' offset 0) delivery
    cross join lateral (select kind from environments where id = delivery.environment_id offset 0) environment
    left join lateral (
        select sealed from webhook_secrets where id = delivery.secret_id and delivery.webhook_id is null offset 0) secret on true
    order by delivery.id";
// Whose lease is held is decided under the lock of the job; all else follows from that.
const FINISH: &str = "
    with held as materialized (
        select result.*
        from unnest(:id::uuid[], :status::bigint[], :error::text[], :end_state::text[], :retry_at::timestamptz[],
            :began::timestamptz[], :duration::bigint[], :answer::bytea[])
            as result (id, status, error, end_state, retry_at, began, duration, answer)
        cross join lateral (select id from jobs where id = result.id and lease_owner = :owner for update) job
    ), freed as (
        update jobs set lease_owner = null, due_at = (select retry_at from held where held.id = jobs.id)
        where id = any(array(select id from held where end_state = 'pending'))
    ), done as (
        delete from jobs where id = any(array(select id from held where end_state <> 'pending'))
    ), recorded as (
        update deliveries delivery set (attempts, last_status, last_error, state, finished_at, sealed_body) = (
            select delivery.attempts + case when held.began is null then 0 else 1 end, held.status, held.error,
                case held.end_state when 'pending' then delivery.state else held.end_state end,
                case held.end_state when 'pending' then delivery.finished_at else :now end,
                case held.end_state when 'pending' then delivery.sealed_body end
            from held where held.id = delivery.id)
        where id = any(array(select id from held))
        returning id, user_key_id, attempts
    ), attempted as (
        insert into delivery_attempts (delivery_id, number, at, duration_us, status, error, answer, next_at)
        select held.id, recorded.attempts, held.began, held.duration, held.status, held.error, held.answer, held.retry_at
        from held join recorded on recorded.id = held.id where held.began is not null
    ), revoked as (
        update user_keys set revoked_at = :now
        where revoked_at is null and id = any(array(
            select recorded.user_key_id from recorded join held on held.id = recorded.id where held.end_state = 'given_up'))
    )
    select id from held";
const TALLY: &str = "
    update webhooks set delivered = delivered + :delivered, failed = failed + :failed,
        last_delivery_at = case when :delivered > 0 then :now else last_delivery_at end,
        failing_since = case when :delivered > 0 then null else coalesce(failing_since, :now) end
    where id = :id";

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
            let made = || results.iter().map(|result| result.made.as_ref());
            let began: Vec<_> = made().map(|made| made.map(|made| made.at)).collect();
            let durations: Vec<_> = made().map(|made| made.map(|made| made.duration_us)).collect();
            let answers: Vec<_> = made()
                .map(|made| made.map(|made| &made.answer[..]).filter(|answer| !answer.is_empty()))
                .collect();
            let params = named![
                id: ids, status: statuses, error: errors, end_state: ends, retry_at: retries, began: began, duration: durations,
                answer: answers, owner: owner, now: now,
            ];
            let lease = writers.lease().await?;
            if results.iter().all(|result| result.webhook.is_none()) {
                let held = execute(&lease, FINISH, &params).await;
                return lease.end_single(held);
            }
            lease.begin().await?;
            let finished = finish(&lease, &params, &results, now).await;
            lease.end(finished).await
        })
        .await
    }
}

/// Writes the results, and what they say of the webhooks.
async fn finish(lease: &Lease, params: &Named<'_>, results: &[&DeliveryResult], now: Timestamp) -> Result<u64> {
    let rows = query(lease, FINISH, params).await?;
    let held = rows
        .iter()
        .map(|row| Row::Postgres(row).id(0))
        .collect::<Result<HashSet<_>>>()?;
    let taken = results.iter().copied().filter(|result| held.contains(&result.id.0));
    for (webhook, tally) in tallies(taken) {
        let tally = named![delivered: tally.delivered, failed: tally.failed, now: now, id: webhook.0];
        execute(lease, TALLY, &tally).await?;
    }
    Ok(held.len() as u64)
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
