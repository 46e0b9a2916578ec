//! The delivery of webhooks: at least once, in no promised order, retried by a schedule.
//!
//! Deliveries that are due are claimed under a lease, so that several nodes share the work and a node that dies
//! loses nothing. Results are written in batches: while one is being written, the next one gathers.

mod attempt;
mod endpoint;
mod headers;
mod log;
mod look;
mod pace;
mod room;
mod schedule;
mod shift;

use std::sync::Arc;
use std::time::Duration;

use aboard_vault::Vault;
use tokio::sync::{Notify, watch};

use self::shift::Shift;
use crate::clock::{Clock, Ids};
use crate::domain::Uuid;
use crate::outbound::Outbound;
use crate::store::Store;

/// How much a node does at once.
#[derive(Debug, Clone, Copy)]
pub struct WorkerOptions {
    /// Attempts under way at once on this node. One partner or endpoint gets at most half of them.
    pub concurrency: usize,
    /// Attempts under way at once to one host of one partner or endpoint.
    pub concurrency_per_host: usize,
    /// Claimed deliveries that may wait for their turn, about a kilobyte each.
    pub waiting: usize,
    /// How many deliveries are claimed at a time.
    pub claim: usize,
    /// How long a claimed delivery is this node's own; at least twice as long as an attempt may take.
    pub lease: Duration,
    /// How often the store is asked what is due.
    pub poll: Duration,
    /// How long a stopping worker waits for the attempts that are under way and for their results.
    pub stop_within: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            concurrency: 256,
            concurrency_per_host: 16,
            waiting: 4_096,
            claim: 256,
            lease: Duration::from_mins(1),
            poll: Duration::from_millis(250),
            stop_within: Duration::from_secs(20),
        }
    }
}

/// Delivers webhooks. Cheap to clone; clones are one worker.
#[derive(Clone)]
pub struct WebhookWorker {
    tools: Arc<Tools>,
}

/// What an attempt needs.
struct Tools {
    store: Store,
    vault: Arc<Vault>,
    outbound: Outbound,
    clock: Clock,
    ids: Ids,
    schedule: Vec<Duration>,
    options: WorkerOptions,
    /// This worker's name on its leases.
    owner: Uuid,
    wake: Notify,
    stopped: watch::Sender<bool>,
}

impl WebhookWorker {
    /// A worker; nothing runs until [`WebhookWorker::serve`].
    ///
    /// `schedule` holds the pauses after the first, second, … failed attempt.
    #[must_use]
    pub fn new(
        store: Store,
        vault: Arc<Vault>,
        outbound: Outbound,
        clock: Clock,
        ids: Ids,
        schedule: Vec<Duration>,
        mut options: WorkerOptions,
    ) -> Self {
        let owner = ids.id();
        options.lease = options.lease.max(outbound.timeout() * 2);
        Self {
            tools: Arc::new(Tools {
                store,
                vault,
                outbound,
                clock,
                ids,
                schedule,
                options,
                owner,
                wake: Notify::new(),
                stopped: watch::Sender::new(false),
            }),
        }
    }

    /// Delivers until [`WebhookWorker::stop`]; call it once, in a task of its own.
    pub async fn serve(&self) {
        Shift::new(Arc::clone(&self.tools)).serve().await;
    }

    /// Makes every attempt that is due now, writes down the results and answers how many attempts were made.
    pub async fn run_due(&self) -> usize {
        Shift::new(Arc::clone(&self.tools)).run_due().await
    }

    /// Says that a delivery was just committed. Cheap, and many calls at once are one.
    pub fn wake(&self) {
        self.tools.wake.notify_one();
    }

    /// Ends [`WebhookWorker::serve`]: it claims and starts nothing more, waits for the attempts that are under
    /// way, writes their results and returns. What is not done by `stop_within` is left to the leases.
    pub fn stop(&self) {
        self.tools.stopped.send_replace(true);
    }
}
