//! What is told to webhooks, on SQLite: rows that are added in bulk.

use super::Session;
use crate::store::Result;
use crate::store::sql::params;
use crate::store::webhooks::NewDelivery;

const ADD_DELIVERY: &str = "
    insert into deliveries (id, environment_id, event_id, event_type, url, header_set, secret_id, webhook_id, state, attempts, created_at)
    values (:id, :environment, :event, :type, :url, 'standard', :secret, :webhook, 'pending', 0, :now)";
const ADD_JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, lease_owner, created_at)
    values (:id, :environment, 'delivery', :due_at, 0, :owner, :now)";

impl Session<'_> {
    /// Adds deliveries and their jobs.
    pub fn add_deliveries(&self, new: &[NewDelivery]) -> Result<()> {
        for delivery in new {
            let (id, environment) = (delivery.id.0, delivery.environment.0);
            let row = params![
                id: id, environment: environment, event: delivery.event.0, type: delivery.kind.as_str(),
                url: delivery.url.as_str(), secret: delivery.secret.0, webhook: delivery.webhook.0, now: delivery.now,
            ];
            self.execute(ADD_DELIVERY, &row)?;
            let job = params![
                id: id, environment: environment, due_at: delivery.due_at, owner: delivery.owner, now: delivery.now,
            ];
            self.execute(ADD_JOB, &job)?;
        }
        Ok(())
    }
}
