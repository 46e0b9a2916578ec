//! The loop of the worker. Everything that takes time is a task of one set: looking for what is due, the
//! attempts, writing their results. The loop itself only decides what starts next.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use super::Tools;
use super::attempt::{Ready, attempt, open_secret};
use super::room::{Lane, Limits, Room};
use crate::store::{DeliveryResult, DueDelivery, StoreError};

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// A delivery in the room: it may start as long as its lease covers the attempt.
struct Waiting {
    ready: Ready,
    lease_until: Timestamp,
}

/// What a task ended with.
enum Done {
    Looked(Result<Look, StoreError>),
    Attempted(DeliveryResult),
    Written,
}

/// What a look at the store found.
struct Look {
    claimed: Vec<DueDelivery>,
    lease_until: Timestamp,
    /// Whether there may be more.
    full: bool,
    /// When the next delivery becomes due.
    next: Option<Timestamp>,
}

/// What a task is, for when it ends without a word.
enum Task {
    Look,
    Attempt(Lane),
    Write,
}

pub(super) struct Shift {
    tools: Arc<Tools>,
    room: Room<Waiting>,
    tasks: JoinSet<Done>,
    kinds: HashMap<Id, Task>,
    /// Ended attempts whose result is not written yet.
    results: Vec<DeliveryResult>,
    writing: bool,
    looking: bool,
    /// Whether to look as soon as there is room.
    look: bool,
    /// When to look again.
    look_at: Instant,
    attempts: usize,
}

impl Shift {
    pub fn new(tools: Arc<Tools>) -> Self {
        let options = tools.options;
        let limits = Limits {
            slots: options.concurrency,
            per_lane: options.concurrency_per_host,
            places: options.waiting,
            ahead: options.claim * 2,
        };
        Self {
            tools,
            room: Room::new(limits),
            tasks: JoinSet::new(),
            kinds: HashMap::new(),
            results: Vec::new(),
            writing: false,
            looking: false,
            look: true,
            look_at: Instant::now(),
            attempts: 0,
        }
    }

    pub async fn run_due(mut self) -> usize {
        loop {
            self.look();
            self.start();
            self.write();
            match self.tasks.join_next_with_id().await {
                Some(ended) => self.take(ended),
                None => return self.attempts,
            }
        }
    }

    pub async fn serve(mut self) {
        let tools = Arc::clone(&self.tools);
        let mut stopped = tools.stopped.subscribe();
        // The sender lives in the tools: this ends when it says so.
        let mut stopped = pin!(async { drop(stopped.wait_for(|stopped| *stopped).await) });
        loop {
            self.look();
            self.start();
            self.write();
            tokio::select! {
                () = &mut stopped => break,
                Some(ended) = self.tasks.join_next_with_id() => self.take(ended),
                () = tools.wake.notified() => self.look = true,
                () = sleep_until(self.look_at), if !self.looking => self.look = true,
            }
        }
        let mut deadline = pin!(sleep(tools.options.stop_within));
        loop {
            self.write();
            tokio::select! {
                ended = self.tasks.join_next_with_id() => match ended {
                    Some(ended) => self.take(ended),
                    None => return,
                },
                () = &mut deadline => return,
            }
        }
    }

    /// Looks for what is due, if that is wanted and there is room for it.
    fn look(&mut self) {
        if !self.look || self.looking {
            return;
        }
        let now = self.tools.clock.now();
        let limit = self.room.wanted(now).min(self.tools.options.claim);
        if limit > 0 {
            (self.look, self.looking) = (false, true);
            let tools = Arc::clone(&self.tools);
            let look = async move { Done::Looked(look(&tools, limit).await) };
            self.spawn(Task::Look, look);
        } else {
            // Time alone can make room: see `Room::wanted`.
            self.look_again(Duration::MAX);
        }
    }

    /// Starts what may start.
    fn start(&mut self) {
        while let Some((lane, waiting)) = self.room.next() {
            let left = waiting.lease_until.duration_since(self.tools.clock.now());
            if Duration::try_from(left).is_ok_and(|left| left > self.tools.outbound.timeout()) {
                self.attempts += 1;
                let tools = Arc::clone(&self.tools);
                let attempt = async move { Done::Attempted(attempt(&tools, &waiting.ready).await) };
                metrics::gauge!("aboard_webhook_in_flight").increment(1);
                self.spawn(Task::Attempt(lane), attempt);
            } else {
                // Another worker may have it by now.
                self.room.done(&lane);
            }
        }
    }

    /// Writes the results that are ready, one batch at a time.
    fn write(&mut self) {
        if !self.writing && !self.results.is_empty() {
            self.writing = true;
            let (tools, results) = (Arc::clone(&self.tools), std::mem::take(&mut self.results));
            let write = async move {
                write(&tools, results).await;
                Done::Written
            };
            self.spawn(Task::Write, write);
        }
    }

    fn spawn(&mut self, kind: Task, task: impl Future<Output = Done> + Send + 'static) {
        let handle = self.tasks.spawn(task);
        self.kinds.insert(handle.id(), kind);
    }

    fn take(&mut self, ended: Result<(Id, Done), JoinError>) {
        let (id, done) = match ended {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => {
                tracing::error!(%error, "a task of the webhook worker failed");
                (error.id(), None)
            }
        };
        match self.kinds.remove(&id) {
            Some(Task::Attempt(lane)) => {
                metrics::gauge!("aboard_webhook_in_flight").decrement(1);
                self.room.done(&lane);
            }
            Some(Task::Write) => self.writing = false,
            Some(Task::Look) => {
                self.looking = false;
                self.look_again(Duration::MAX);
            }
            None => {}
        }
        match done {
            Some(Done::Attempted(result)) => self.results.push(result),
            Some(Done::Looked(Ok(look))) => self.admit(look),
            Some(Done::Looked(Err(error))) => {
                tracing::warn!(%error, "due webhooks could not be claimed; trying again");
            }
            Some(Done::Written) | None => {}
        }
    }

    /// Gives what was claimed a place. The secrets are opened once for each batch.
    fn admit(&mut self, look: Look) {
        let now = self.tools.clock.now();
        let mut secrets = HashMap::new();
        for due in look.claimed {
            let secret = secrets
                .entry(due.secret)
                .or_insert_with(|| open_secret(&self.tools, &due))
                .clone();
            let lane = Lane {
                party: due.secret,
                host: host(&due.url),
            };
            let waiting = Waiting {
                ready: Ready { due, secret },
                lease_until: look.lease_until,
            };
            self.room.add(lane, waiting, now);
        }
        self.look |= look.full;
        // What is due and was not to be had is waited for like anything else.
        let until_next = look
            .next
            .filter(|next| *next > now)
            .map(|next| next.duration_since(now));
        let until_next = until_next.and_then(|left| left.try_into().ok());
        self.look_again(until_next.unwrap_or(Duration::MAX));
    }

    /// Looks again after this time, or at the next poll if that is sooner.
    fn look_again(&mut self, after: Duration) {
        self.look_at = Instant::now() + after.min(self.tools.options.poll);
    }
}

/// Claims what is due. When the store says that nothing is, it is not asked to write.
async fn look(tools: &Tools, limit: usize) -> Result<Look, StoreError> {
    let now = tools.clock.now();
    let lease_until = now.saturating_add(tools.options.lease).unwrap_or(Timestamp::MAX);
    let system = tools.store.system();
    let mut next = tools.store.next_delivery_due(system).await?;
    let mut claimed = Vec::new();
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    if next.is_some_and(|next| next <= now) {
        let store = &tools.store;
        claimed = store
            .claim_deliveries(system, tools.owner, now, lease_until, limit)
            .await?;
        next = store.next_delivery_due(system).await?;
    }
    let full = claimed.len() >= limit as usize;
    Ok(Look {
        claimed,
        lease_until,
        full,
        next,
    })
}

/// Writes results until the store takes them or their leases have long run out.
async fn write(tools: &Tools, results: Vec<DeliveryResult>) {
    let tries = tools.options.lease.as_millis() / STORE_PAUSE.as_millis();
    for _ in 0..=tries {
        let (system, now) = (tools.store.system(), tools.clock.now());
        let written = tools
            .store
            .finish_deliveries(system, tools.owner, results.clone(), now)
            .await;
        match written {
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "results of webhooks could not be written; trying again"),
        }
        sleep(STORE_PAUSE).await;
    }
}

/// Host and port of an address; an address that is none is a lane of its own.
fn host(url: &str) -> Arc<str> {
    match Url::parse(url) {
        Ok(parsed) => parsed[url::Position::BeforeHost..url::Position::AfterPort].into(),
        Err(_) => url.into(),
    }
}
