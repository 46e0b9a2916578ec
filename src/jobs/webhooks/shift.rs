//! The loop of the worker. Everything that takes time is a task of one set: looking for what is due and for webhooks
//! that are behind, the attempts, writing their results. The loop itself only decides what starts next.

mod admit;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::Tools;
use super::attempt::{Outcome, Ready, Told, attempt};
use super::log::{Fetched, Log, Survey, fetch, survey};
use super::look::{Look, look, write};
use super::room::{Lane, Limits, Room};
use crate::domain::WebhookId;
use crate::store::{DeliveryResult, DisabledWhy, StoreError};

/// The pause before a look at what a transaction that was still open has written.
const UNSETTLED: Duration = Duration::from_millis(5);

/// A delivery in the room: it may start as long as its lease covers the attempt.
struct Waiting {
    ready: Ready,
    lease_until: Timestamp,
}

/// What a task ended with.
enum Done {
    Looked(Result<Look, StoreError>),
    Surveyed(Result<Survey, StoreError>),
    Fetched(Result<Fetched, StoreError>),
    Attempted(Box<Outcome>),
    Written,
}

/// What a task is, for when it ends without a word.
enum Task {
    Look,
    Survey,
    Fetch(Vec<WebhookId>),
    Attempt(Lane),
    Write,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each says that one kind of task is running or wanted"
)]
pub(super) struct Shift {
    tools: Arc<Tools>,
    room: Room<Waiting>,
    log: Log,
    tasks: JoinSet<Done>,
    kinds: HashMap<Id, Task>,
    /// Ended attempts whose result is not written yet.
    results: Vec<DeliveryResult>,
    /// Webhooks to be switched off.
    disable: Vec<(WebhookId, DisabledWhy)>,
    writing: bool,
    looking: bool,
    /// Whether to look as soon as there is room.
    look: bool,
    /// When to look again.
    look_at: Instant,
    surveying: bool,
    /// Whether to look for webhooks that are behind, and when at the latest.
    survey: bool,
    survey_at: Instant,
    /// Whether the last look found what may not be read yet.
    unsettled: bool,
    fetching: bool,
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
        let now = Instant::now();
        Self {
            tools,
            room: Room::new(limits),
            log: Log::default(),
            tasks: JoinSet::new(),
            kinds: HashMap::new(),
            results: Vec::new(),
            disable: Vec::new(),
            writing: false,
            looking: false,
            look: true,
            look_at: now,
            surveying: false,
            survey: true,
            survey_at: now,
            unsettled: false,
            fetching: false,
            attempts: 0,
        }
    }

    pub async fn run_due(mut self) -> usize {
        loop {
            self.begin();
            match self.tasks.join_next_with_id().await {
                Some(ended) => self.take(ended),
                // What a transaction that is still open has written comes a moment later.
                None if self.unsettled => {
                    sleep(UNSETTLED).await;
                    self.survey = true;
                }
                None => return self.attempts,
            }
        }
    }

    pub async fn serve(mut self) {
        let tools = Arc::clone(&self.tools);
        let mut happened = tools.store.happened();
        let mut stopped = tools.stopped.subscribe();
        // The sender lives in the tools: this ends when it says so.
        let mut stopped = pin!(async { drop(stopped.wait_for(|stopped| *stopped).await) });
        loop {
            self.begin();
            tokio::select! {
                () = &mut stopped => break,
                Some(ended) = self.tasks.join_next_with_id() => self.take(ended),
                () = tools.wake.notified() => self.look = true,
                // The sender lives in the store, which lives in the tools.
                Ok(()) = happened.changed() => (self.look, self.survey) = (true, true),
                () = sleep_until(self.look_at), if !self.looking => self.look = true,
                () = sleep_until(self.survey_at), if !self.surveying => {
                    self.survey = true;
                    self.log.resume();
                }
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

    /// Begins what can begin.
    fn begin(&mut self) {
        self.look();
        self.survey();
        self.fetch();
        self.start();
        self.write();
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

    /// Looks for webhooks that are behind.
    fn survey(&mut self) {
        if self.survey && !self.surveying {
            (self.survey, self.surveying) = (false, true);
            let (tools, seen) = (Arc::clone(&self.tools), self.log.seen());
            let resting = self.log.due_to_be_asked_for(tools.clock.now());
            let survey = async move { Done::Surveyed(survey(&tools, seen, resting).await) };
            self.spawn(Task::Survey, survey);
        }
    }

    /// Claims for webhooks that are behind, as far as there is room.
    fn fetch(&mut self) {
        if self.fetching {
            return;
        }
        let wants = self.log.wants(&self.room, self.tools.clock.now());
        if wants.is_empty() {
            return;
        }
        self.fetching = true;
        let (tools, webhooks) = (Arc::clone(&self.tools), wants.iter().map(|want| want.webhook).collect());
        let fetch = async move { Done::Fetched(fetch(&tools, wants).await) };
        self.spawn(Task::Fetch(webhooks), fetch);
    }

    /// Starts what may start.
    fn start(&mut self) {
        while let Some((lane, waiting)) = self.room.next() {
            let left = waiting.lease_until.duration_since(self.tools.clock.now());
            if Duration::try_from(left).is_ok_and(|left| left > self.tools.outbound.timeout()) {
                self.attempts += 1;
                let tools = Arc::clone(&self.tools);
                let attempt = async move { Done::Attempted(Box::new(attempt(&tools, &waiting.ready).await)) };
                metrics::gauge!("aboard_webhook_in_flight").increment(1);
                self.spawn(Task::Attempt(lane), attempt);
            } else {
                // Another worker may have it by now.
                self.room.done(&lane);
                if let Some(webhook) = waiting.ready.due.webhook {
                    self.log.lapsed(webhook);
                }
            }
        }
    }

    /// Writes the results that are ready, one batch at a time.
    fn write(&mut self) {
        if self.writing || (self.results.is_empty() && self.disable.is_empty()) {
            return;
        }
        self.writing = true;
        let tools = Arc::clone(&self.tools);
        let (results, disable) = (std::mem::take(&mut self.results), std::mem::take(&mut self.disable));
        let write = async move {
            write(&tools, results, disable).await;
            Done::Written
        };
        self.spawn(Task::Write, write);
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
            Some(Task::Survey) => {
                (self.surveying, self.unsettled) = (false, false);
                self.survey_at = Instant::now() + self.tools.options.poll;
            }
            Some(Task::Fetch(webhooks)) => {
                self.fetching = false;
                if !matches!(done, Some(Done::Fetched(Ok(_)))) {
                    self.log.failed_to_fetch(webhooks);
                }
            }
            None => {}
        }
        match done {
            Some(Done::Attempted(outcome)) => self.ended(*outcome),
            Some(Done::Looked(Ok(look))) => self.admit(look),
            Some(Done::Surveyed(Ok(survey))) => {
                self.unsettled = survey.unsettled;
                if survey.unsettled {
                    self.survey_at = Instant::now() + UNSETTLED;
                }
                self.log.learn(survey, self.tools.clock.now());
            }
            Some(Done::Fetched(Ok(fetched))) => self.admit_events(fetched),
            Some(Done::Looked(Err(error)) | Done::Surveyed(Err(error)) | Done::Fetched(Err(error))) => {
                tracing::warn!(%error, "due webhooks could not be claimed; trying again");
            }
            Some(Done::Written) | None => {}
        }
    }

    /// An attempt ended.
    fn ended(&mut self, outcome: Outcome) {
        if let Some((webhook, told)) = outcome.told {
            if self.log.told(webhook, told, self.tools.clock.now()) {
                let (status, error) = (outcome.result.status, &outcome.result.error);
                metrics::counter!("aboard_webhook_rests_total").increment(1);
                tracing::warn!(%webhook, status, error, "a webhook fails again and again; it is left alone for a while");
            }
            if let Told::Disable(why) = told {
                self.disable.push((webhook, why));
            }
        }
        self.results.push(outcome.result);
    }

    /// Looks again after this time, or at the next poll if that is sooner.
    fn look_again(&mut self, after: Duration) {
        self.look_at = Instant::now() + after.min(self.tools.options.poll);
    }
}
