//! What the fakes of messaging services share: what becomes of a message, and a list that can be waited for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::Reply;

/// No wait takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What becomes of a message.
#[derive(Debug, Clone)]
pub enum Plan {
    /// It is taken, and these steps are reported, in this order. No step: it is never heard of again. A step twice: a
    /// duplicate. Steps in another order than life's: swapped reports.
    Take(Vec<Step>),
    /// It is refused with the service's error code.
    Refuse(i64),
    /// The service does not answer as it should.
    Misbehave(Reply),
}

/// One thing that happens to a message that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reported: it left the service.
    Sent,
    /// Reported: it arrived.
    Delivered,
    /// Reported: it was opened.
    Read,
    /// Reported: it failed with the service's error code.
    Failed(i64),
    /// Nothing, for a while.
    Pause(Duration),
    /// The next report rides in the same call as the one after it.
    WithNext,
}

impl Default for Plan {
    fn default() -> Self {
        Self::Take(vec![Step::Sent, Step::Delivered])
    }
}

/// The plans of a fake.
#[derive(Default)]
pub(crate) struct Plans {
    by_number: Mutex<HashMap<String, Plan>>,
    for_all: Mutex<Option<Plan>>,
}

impl Plans {
    pub fn set(&self, number: &str, plan: Plan) {
        lock(&self.by_number).insert(number.to_owned(), plan);
    }

    pub fn set_all(&self, plan: Option<Plan>) {
        *lock(&self.for_all) = plan;
    }

    /// What was told for everybody, for this number, or nothing.
    pub fn of(&self, number: &str) -> Option<Plan> {
        let for_all = lock(&self.for_all).clone();
        for_all.or_else(|| lock(&self.by_number).get(number).cloned())
    }
}

/// A list that grows and can be waited for.
pub(crate) struct Inbox<T> {
    items: Mutex<Vec<T>>,
    count: watch::Sender<usize>,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self {
            items: Mutex::default(),
            count: watch::Sender::default(),
        }
    }
}

impl<T: Clone> Inbox<T> {
    pub fn push(&self, item: T) {
        lock(&self.items).push(item);
        self.count.send_modify(|count| *count += 1);
    }

    pub fn all(&self) -> Vec<T> {
        lock(&self.items).clone()
    }

    /// Waits until there are this many; after 30 seconds answers those that are there.
    pub async fn wait_for(&self, items: usize) -> Vec<T> {
        let mut count = self.count.subscribe();
        // The sender lives in here: only the time-out ends this without the items.
        let _ = timeout(PATIENCE, count.wait_for(|count| *count >= items)).await;
        self.all()
    }
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
