//! Events and what is told of them, on PostgreSQL.

use super::sql::{execute, named};
use super::{Postgres, Session};
use crate::store::webhooks::NewDelivery;
use crate::store::{Result, StoreError};

// Every transaction before it has ended: what they wrote is there to be read.
const HORIZON: &str = "select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)";
const ADD_DELIVERIES: &str = "
    with new as (
        select * from unnest(:id::uuid[], :environment::uuid[], :event::uuid[], :type::text[], :url::text[], :secret::uuid[],
            :webhook::uuid[], :owner::uuid[], :due_at::timestamptz[], :now::timestamptz[])
            as new (id, environment, event, type, url, secret, webhook, owner, due_at, now)
    ), planned as (
        insert into jobs (id, environment_id, kind, due_at, attempts, lease_owner, created_at)
        select id, environment, 'delivery', due_at, 0, owner, now from new
    )
    insert into deliveries (id, environment_id, event_id, event_type, url, header_set, secret_id, webhook_id, state, attempts,
        created_at)
    select id, environment, event, type, url, 'standard', secret, webhook, 'pending', 0, now from new";

impl Postgres {
    pub async fn horizon(&self) -> Result<i64> {
        let found = self.read(HORIZON, &[], 1, |row| row.int(0)).await?;
        found.first().copied().ok_or_else(|| StoreError::unreadable("horizon"))
    }
}

impl Session<'_> {
    /// Adds deliveries and their jobs.
    pub async fn add_deliveries(&self, new: &[NewDelivery]) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let params = named![
            id: new.iter().map(|one| one.id.0).collect::<Vec<_>>(),
            environment: new.iter().map(|one| one.environment.0).collect::<Vec<_>>(),
            event: new.iter().map(|one| one.event.0).collect::<Vec<_>>(),
            type: new.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(),
            url: new.iter().map(|one| one.url.as_str()).collect::<Vec<_>>(),
            secret: new.iter().map(|one| one.secret.0).collect::<Vec<_>>(),
            webhook: new.iter().map(|one| one.webhook.0).collect::<Vec<_>>(),
            owner: new.iter().map(|one| one.owner).collect::<Vec<_>>(),
            due_at: new.iter().map(|one| one.due_at).collect::<Vec<_>>(),
            now: new.iter().map(|one| one.now).collect::<Vec<_>>(),
        ];
        execute(self.0, ADD_DELIVERIES, &params).await?;
        Ok(())
    }

    /// Every transaction before it has ended.
    pub async fn horizon(&self) -> Result<i64> {
        let found = self.query(HORIZON, &[], 1, |row| row.int(0)).await?;
        found.first().copied().ok_or_else(|| StoreError::unreadable("horizon"))
    }
}
