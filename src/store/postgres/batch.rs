//! Hot verbs share transactions: callers queue, and a lane takes all that is waiting. While the lanes are busy the
//! queue gathers, so batches grow with the load and nobody waits for a timer.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::failure::closed;
use super::growth::Growth;
use crate::store::{Result, StoreError};

/// An operation that many callers may share a transaction for.
pub trait Verb: Send + Sync + 'static {
    type Call: Send + Sync;
    type Answer: Send;

    /// Batches that run at the same time.
    const LANES: usize = 4;

    /// No batch is larger: its first caller should not wait for thousands.
    const LARGEST: usize = 128;

    /// Runs the calls in one transaction and answers each, in their order. An error means that none was made; if
    /// it is [`StoreError::Unavailable`], that nobody knows.
    fn run(&self, calls: &[Self::Call]) -> impl Future<Output = Result<Vec<Self::Answer>>> + Send;
}

/// How many operations were made in how many transactions.
pub struct Counts {
    operations: AtomicU64,
    commits: AtomicU64,
    grown: Growth,
}

impl Counts {
    pub fn new(grown: Growth) -> Self {
        Self {
            operations: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            grown,
        }
    }

    fn count(&self, operations: usize) {
        let operations = operations as u64;
        let before = self.operations.fetch_add(operations, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.grown.note(before, before + operations);
    }

    pub fn get(&self) -> (u64, u64) {
        (
            self.operations.load(Ordering::Relaxed),
            self.commits.load(Ordering::Relaxed),
        )
    }
}

/// The queue of a verb and its lanes.
pub struct Batcher<V: Verb>(Arc<Shared<V>>);

struct Shared<V: Verb> {
    verb: V,
    counts: Arc<Counts>,
    state: Mutex<State<V>>,
    /// Told when the last lane ends.
    idle: Notify,
}

struct State<V: Verb> {
    waiting: VecDeque<(V::Call, Reply<V>)>,
    lanes: usize,
    closed: bool,
}

type Reply<V> = oneshot::Sender<Result<<V as Verb>::Answer>>;

impl<V: Verb> Batcher<V> {
    pub fn new(verb: V, counts: Arc<Counts>) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            lanes: 0,
            closed: false,
        };
        Self(Arc::new(Shared {
            verb,
            counts,
            state: Mutex::new(state),
            idle: Notify::new(),
        }))
    }

    /// Makes one call in a batch and answers once its commit is done. It is made even if the caller goes away.
    pub async fn call(&self, call: V::Call) -> Result<V::Answer> {
        let (reply, answer) = oneshot::channel();
        let lane = {
            let mut state = self.0.lock();
            if state.closed {
                return Err(closed());
            }
            state.waiting.push_back((call, reply));
            let free = state.lanes < V::LANES;
            state.lanes += usize::from(free);
            free
        };
        if lane {
            let lane = Lane {
                shared: Arc::clone(&self.0),
                ended: false,
            };
            tokio::spawn(lane.serve());
        }
        let lost = |_| Err(StoreError::Unavailable("a batch did not come to its end".to_owned()));
        answer.await.unwrap_or_else(lost)
    }

    /// Answers all that was handed in, then refuses more.
    pub async fn close(&self) {
        self.0.lock().closed = true;
        loop {
            let idle = self.0.idle.notified();
            if self.0.lock().lanes == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl<V: Verb> Shared<V> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, state: &mut State<V>) {
        state.lanes -= 1;
        if state.lanes == 0 {
            self.idle.notify_waiters();
        }
    }
}

/// One of the batches that run now, and those that follow it.
struct Lane<V: Verb> {
    shared: Arc<Shared<V>>,
    ended: bool,
}

impl<V: Verb> Lane<V> {
    async fn serve(mut self) {
        while let Some(batch) = self.next() {
            self.answer(batch.into_iter().unzip()).await;
        }
    }

    /// All that waits; with nothing left the lane has ended.
    fn next(&mut self) -> Option<Vec<(V::Call, Reply<V>)>> {
        let mut state = self.shared.lock();
        if state.waiting.is_empty() {
            self.ended = true;
            self.shared.leave(&mut state);
            return None;
        }
        let length = state.waiting.len().min(V::LARGEST);
        Some(state.waiting.drain(..length).collect())
    }

    async fn answer(&self, (calls, replies): (Vec<V::Call>, Vec<Reply<V>>)) {
        let Shared { verb, counts, .. } = &*self.shared;
        let results: Vec<_> = match verb.run(&calls).await {
            Ok(answers) => {
                counts.count(calls.len());
                answers.into_iter().map(Ok).collect()
            }
            // One bad call must not spoil the others.
            Err(StoreError::Fault(error)) if calls.len() > 1 => {
                tracing::error!(
                    error,
                    calls = calls.len(),
                    "a batch failed; its calls are made one by one"
                );
                let mut results = Vec::with_capacity(calls.len());
                for call in &calls {
                    let result = verb.run(std::slice::from_ref(call)).await;
                    counts.count(1);
                    results.push(result.and_then(|answers| answers.into_iter().next().ok_or_else(closed)));
                }
                results
            }
            Err(error) => {
                tracing::error!(%error, calls = calls.len(), "a batch was lost");
                calls.iter().map(|_| Err(error.clone())).collect()
            }
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // A caller that went away needs no answer.
            let _ = reply.send(result);
        }
    }
}

impl<V: Verb> Drop for Lane<V> {
    /// A panic, or the end of the runtime: whoever waits and has no lane left is told.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.shared.lock();
        self.shared.leave(&mut state);
        if state.lanes == 0 {
            state.waiting.clear();
        }
    }
}
