//! Sends on their way: offered to the nodes of their network until one takes them, and followed to their end.
//!
//! The request that stored a send offers it first. Whatever it did not come to is done here: after a crash, or where no
//! node answered, the same bytes are offered again. Sends that are due are claimed under a lease, so that several nodes
//! share the work.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::chains::Chains;
use crate::domain::{SendId, Uuid};
use crate::instance::Instance;
use crate::sends::{LONGEST_LOOK, look};
use crate::store::{SendEnd, StoreError};

/// Looks under way at once on this node.
const CONCURRENCY: usize = 32;
/// How often the store is asked what is due.
const POLL: Duration = Duration::from_millis(500);
/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// Follows sends. Cheap to clone; clones are one worker.
#[derive(Clone)]
pub struct SendWorker {
    tools: Arc<Tools>,
}

struct Tools {
    instance: Instance,
    chains: Chains,
    /// This worker's name on its leases.
    owner: Uuid,
    stop_within: Duration,
    stopped: watch::Sender<bool>,
}

impl SendWorker {
    /// A worker; nothing runs until [`SendWorker::serve`].
    #[must_use]
    pub fn new(instance: Instance, chains: Chains, stop_within: Duration) -> Self {
        let owner = instance.ids.id();
        Self {
            tools: Arc::new(Tools {
                instance,
                chains,
                owner,
                stop_within,
                stopped: watch::Sender::new(false),
            }),
        }
    }

    /// Follows sends until [`SendWorker::stop`]; call it once, in a task of its own.
    pub async fn serve(&self) {
        let tools = &self.tools;
        let mut stopped = tools.stopped.subscribe();
        let mut looks = JoinSet::new();
        while !*stopped.borrow_and_update() {
            let pause = match self.start_due(&mut looks).await {
                // As long as a batch is full there may be more.
                Ok(started) if started > 0 && looks.len() < CONCURRENCY => continue,
                Ok(_) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "due sends could not be claimed; trying again");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                _ = stopped.changed() => {}
                Some(_) = looks.join_next() => {}
                () = sleep(pause) => {}
            }
        }
        let rest = async { while looks.join_next().await.is_some() {} };
        // What is not done by then is left to the leases.
        let _ = timeout(tools.stop_within, rest).await;
        looks.detach_all();
    }

    /// Looks once at every send that is due now, and answers how many those were.
    pub async fn run_due(&self) -> usize {
        let (mut count, mut looks) = (0, JoinSet::new());
        loop {
            let started = self.start_due(&mut looks).await.unwrap_or_default();
            while looks.join_next().await.is_some() {}
            if started == 0 {
                return count;
            }
            count += started;
        }
    }

    /// Claims what is due, as far as there is room, and starts to look at it.
    async fn start_due(&self, looks: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let tools = &self.tools;
        while looks.try_join_next().is_some() {}
        let room = CONCURRENCY.saturating_sub(looks.len());
        let (store, now) = (&tools.instance.store, tools.instance.clock.now());
        let system = store.system();
        // When the store says that nothing is due, it is not asked to write.
        if room == 0 || store.next_send_due(system).await?.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let claimed = store
            .claim_sends(system, tools.owner, now, lease_until(now), limit)
            .await?;
        let started = claimed.len();
        for due in claimed {
            let tools = Arc::clone(tools);
            looks.spawn(async move {
                let end = look(&tools.chains, &due, tools.instance.clock.now()).await;
                write(&tools, due.send.id, end).await;
            });
        }
        Ok(started)
    }

    /// Ends [`SendWorker::serve`]: it claims nothing more, waits for the looks that are under way and returns.
    pub fn stop(&self) {
        self.tools.stopped.send_replace(true);
    }
}

/// A claimed send is this node's own until its look has surely ended.
fn lease_until(now: Timestamp) -> Timestamp {
    now.saturating_add(LONGEST_LOOK).unwrap_or(Timestamp::MAX)
}

/// Writes down what a look brought. What the store cannot take now is looked at again when the lease is over.
async fn write(tools: &Tools, send: SendId, end: SendEnd) {
    let ended = match &end {
        SendEnd::Again { .. } => None,
        SendEnd::Confirmed { .. } => Some("confirmed"),
        SendEnd::Failed { .. } => Some("failed"),
        SendEnd::Replaced | SendEnd::ReplacedBy { .. } => Some("replaced"),
        SendEnd::Expired => Some("expired"),
        SendEnd::Dropped { .. } => Some("dropped"),
    };
    let (store, now) = (&tools.instance.store, tools.instance.clock.now());
    match store.finish_send(store.system(), tools.owner, send, end, now).await {
        Ok(taken) => {
            if let Some(ended) = ended.filter(|_| taken) {
                metrics::counter!("aboard_sends_ended_total", "as" => ended).increment(1);
            }
        }
        Err(error) => {
            tracing::warn!(%error, %send, "what became of a send could not be written; it comes back");
        }
    }
}
