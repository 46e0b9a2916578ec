//! Sending one-time codes: queued with their challenge, sent here, within the life of the code.
//!
//! In a sandbox a message goes to the environment's inbox and nowhere else. In production it goes over the environment's
//! channels, and what follows from a failure ([`crate::channels::Then`]) is decided in `attempt`. Messages that are due
//! are claimed under a lease, so that several nodes share the work. What providers report of them is worked on here as
//! well, see `reports`.

mod attempt;
mod content;
mod reports;
mod usable;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::channels::Channels;
use crate::domain::{EnvironmentKind, MessageId, Uuid};
use crate::instance::Instance;
use crate::store::{DueReport, MessageEnd, StoreError};

/// Attempts under way at once on this node.
const CONCURRENCY: usize = 64;
/// Reports that are worked on at once. They have room of their own: what providers say is known while one of them holds
/// every attempt, and no flood of reports keeps a code waiting.
const REPORTS: usize = 16;
/// How often the store is asked what is due.
const POLL: Duration = Duration::from_millis(250);
/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(500);
/// How often a result is offered to a store that fails. Then the lease runs out, and the message counts as lost.
const STORE_TRIES: u32 = 60;

/// Sends messages. Cheap to clone; clones are one worker.
#[derive(Clone)]
pub struct MessageWorker {
    tools: Arc<Tools>,
}

/// What an attempt needs.
struct Tools {
    instance: Instance,
    channels: Channels,
    public_url: String,
    rules: EnvironmentKind,
    /// This worker's name on its leases.
    owner: Uuid,
    stop_within: Duration,
    wake: Notify,
    ends: Ends,
    stopped: watch::Sender<bool>,
}

impl MessageWorker {
    /// A worker; nothing runs until [`MessageWorker::serve`]. `rules` is the kind of environment whose rules for outgoing
    /// addresses hold: a server's is production, because a sandbox sends nothing; services that stand in for the real
    /// ones on this machine need the sandbox's.
    #[must_use]
    pub fn new(
        instance: Instance,
        channels: Channels,
        public_url: String,
        rules: EnvironmentKind,
        stop_within: Duration,
    ) -> Self {
        let owner = instance.ids.id();
        Self {
            tools: Arc::new(Tools {
                instance,
                channels,
                public_url,
                rules,
                owner,
                stop_within,
                wake: Notify::new(),
                ends: Ends::default(),
                stopped: watch::Sender::new(false),
            }),
        }
    }

    /// Sends until [`MessageWorker::stop`]; call it once, in a task of its own.
    pub async fn serve(&self) {
        let tools = &self.tools;
        let mut stopped = tools.stopped.subscribe();
        let (mut attempts, mut reports) = (JoinSet::new(), JoinSet::new());
        while !*stopped.borrow_and_update() {
            let pause = match self.start_due(&mut attempts, &mut reports).await {
                // As long as there is room there may be more.
                Ok(started) if started > 0 => continue,
                Ok(_) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "due messages could not be claimed; trying again");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                _ = stopped.changed() => {}
                Some(_) = attempts.join_next() => {}
                Some(_) = reports.join_next() => {}
                () = tools.wake.notified() => {}
                () = sleep(pause) => {}
            }
        }
        let rest = async { while attempts.join_next().await.is_some() || reports.join_next().await.is_some() {} };
        // What is not done by then is left to the leases.
        let _ = timeout(tools.stop_within, rest).await;
        attempts.detach_all();
        reports.detach_all();
    }

    /// Works on every report and makes every attempt that is due now, writes down how it ended and answers how many
    /// attempts were made.
    pub async fn run_due(&self) -> usize {
        let (mut count, mut tasks) = (0, JoinSet::new());
        loop {
            let followed = self.start_reports(&mut tasks).await.unwrap_or_default();
            while tasks.join_next().await.is_some() {}
            let started = self.start_messages(&mut tasks).await.unwrap_or_default();
            while tasks.join_next().await.is_some() {}
            if started + followed == 0 {
                return count;
            }
            count += started;
        }
    }

    /// Claims what is due, as far as there is room, and starts it.
    async fn start_due(&self, attempts: &mut JoinSet<()>, reports: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let followed = self.start_reports(reports).await?;
        Ok(followed + self.start_messages(attempts).await?)
    }

    /// Claims reports that are due, and starts to work on them.
    async fn start_reports(&self, tasks: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let tools = &self.tools;
        while tasks.try_join_next().is_some() {}
        let room = REPORTS.saturating_sub(tasks.len());
        let (store, now) = (&tools.instance.store, tools.instance.clock.now());
        if room == 0
            || store
                .next_report_due(store.system())
                .await?
                .is_none_or(|next| next > now)
        {
            return Ok(0);
        }
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let claimed = store
            .claim_reports(store.system(), tools.owner, now, lease_until(tools, now), limit)
            .await?;
        let started = claimed.len();
        for report in claimed {
            let tools = Arc::clone(tools);
            tasks.spawn(async move { settle(&tools, &report).await });
        }
        Ok(started)
    }

    /// Claims messages that are due, and starts their attempts.
    async fn start_messages(&self, attempts: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let tools = &self.tools;
        while attempts.try_join_next().is_some() {}
        let room = CONCURRENCY.saturating_sub(attempts.len());
        let (store, now) = (&tools.instance.store, tools.instance.clock.now());
        let system = store.system();
        // When the store says that nothing is due, it is not asked to write.
        if room == 0 || store.next_message_due(system).await?.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let lease_until = lease_until(tools, now);
        let claimed = store
            .claim_messages(system, tools.owner, now, lease_until, limit)
            .await?;
        let started = claimed.len();
        for due in claimed {
            let tools = Arc::clone(tools);
            attempts.spawn(async move {
                let end = attempt::attempt(&tools, &due).await;
                tools.ends.write(&tools, due.id, end).await;
            });
        }
        Ok(started)
    }

    /// Says that a message was just committed. Cheap, and many calls at once are one.
    pub fn wake(&self) {
        self.tools.wake.notify_one();
    }

    /// Ends [`MessageWorker::serve`]: it claims nothing more, waits for the attempts that are under way and returns.
    pub fn stop(&self) {
        self.tools.stopped.send_replace(true);
    }
}

/// A claimed message is this node's own until its attempt has surely ended.
fn lease_until(tools: &Tools, now: Timestamp) -> Timestamp {
    let lease = (tools.channels.longest_attempt() * 2).max(Duration::from_mins(1));
    now.saturating_add(lease).unwrap_or(Timestamp::MAX)
}

/// How attempts ended that nobody has written down yet. Whoever comes while somebody writes adds to what is written
/// next: under load one transaction holds the ends of many.
#[derive(Default)]
struct Ends {
    waiting: Mutex<Vec<(MessageId, MessageEnd)>>,
    writing: tokio::sync::Mutex<()>,
}

impl Ends {
    fn waiting(&self) -> MutexGuard<'_, Vec<(MessageId, MessageEnd)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down how an attempt ended, with all that ended meanwhile.
    async fn write(&self, tools: &Tools, message: MessageId, end: MessageEnd) {
        self.waiting().push((message, end));
        let _writing = self.writing.lock().await;
        let ends = std::mem::take(&mut *self.waiting());
        if ends.is_empty() {
            // Somebody else wrote it down while this waited.
            return;
        }
        let (store, count) = (&tools.instance.store, ends.len());
        for _ in 0..STORE_TRIES {
            let now = tools.instance.clock.now();
            let written = store
                .finish_messages(store.system(), tools.owner, ends.clone(), now)
                .await;
            match written {
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, count, "the ends of messages could not be written"),
            }
            sleep(STORE_PAUSE).await;
        }
    }
}

/// Works on a report and writes down what it came to. What the store cannot take now comes back when its lease is over.
async fn settle(tools: &Tools, report: &DueReport) {
    let store = &tools.instance.store;
    let settled = async {
        let end = reports::follow(tools, report).await?;
        let now = tools.instance.clock.now();
        store
            .settle_report(store.system(), tools.owner, report.id, end, now)
            .await
    };
    if let Err(error) = settled.await {
        tracing::warn!(%error, report = %report.id, "a provider's report could not be worked on; it comes back");
    }
}
