//! Statistics for the planner while a new instance grows: the server's own `autovacuum` looks once a minute, and
//! until then every query is planned as if the tables were empty.

use super::writers::{Writers, bounded};
use crate::store::Result;

/// After so many operations of this process; by then the server looks after itself.
const MILESTONES: [u64; 4] = [100, 1_000, 10_000, 100_000];
const ANALYZE: &str = "analyze users, identities, user_keys, login_links, sessions, events, deliveries, jobs";

/// Looks at the tables when they have grown tenfold.
pub struct Growth(pub Writers);

impl Growth {
    /// The count of operations went from `before` to `after`.
    pub fn note(&self, before: u64, after: u64) {
        if MILESTONES
            .iter()
            .any(|milestone| before < *milestone && *milestone <= after)
        {
            let writers = self.0.clone();
            tokio::spawn(async move {
                if let Err(error) = bounded(analyze(&writers)).await {
                    tracing::debug!(%error, "could not collect statistics; the server does it within a minute");
                }
            });
        }
    }
}

async fn analyze(writers: &Writers) -> Result<()> {
    let lease = writers.lease().await?;
    let analyzed = lease.batch_execute(ANALYZE).await.map_err(super::failure::failed);
    lease.end_single(analyzed)
}
