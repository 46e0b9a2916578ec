//! The request log in the store: a line for each request with a good credential, written in batches behind the
//! answers. No request ever waits for it; what it cannot take is dropped and counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Method;
use axum::response::Response;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::method_names::name_of;
use crate::store::{AnsweredRequest, Store};
use crate::web::{Context, Failure};

/// Lines that wait while others are written; further ones are dropped.
const BACKLOG: usize = 8_192;
/// Lines written at once: one block, if they are of one environment.
const BATCH: usize = 256;
/// How long lines gather.
const GATHERING: Duration = Duration::from_millis(500);
/// The longest name of a field that is kept.
const LONGEST_FIELD: usize = 64;

/// Where lines go; `None` keeps nothing.
#[derive(Clone)]
pub struct RequestLog(Option<Arc<Inbox>>);

/// Where requests leave their lines. The task that writes ends once this is gone.
struct Inbox(Arc<Gathered>);

/// Lines are left under a lock and not sent over a channel: the task would be woken for each.
#[derive(Default)]
struct Gathered {
    waiting: Mutex<Waiting>,
    /// Told of the first line, of a full batch, and of whatever else should not wait.
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<AnsweredRequest>,
    /// Told once everything before them is written.
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
}

impl Waiting {
    fn is_urgent(&self) -> bool {
        self.lines.len() >= BATCH || !self.flushes.is_empty() || self.closed
    }

    fn take(&mut self) -> (Vec<AnsweredRequest>, Vec<oneshot::Sender<()>>, bool) {
        // As many may come again.
        let room = Vec::with_capacity(self.lines.len());
        let lines = std::mem::replace(&mut self.lines, room);
        (lines, std::mem::take(&mut self.flushes), self.closed)
    }
}

impl Gathered {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets nobody wait for a task that has ended, however it did.
struct Ended(Arc<Gathered>);

impl Drop for Ended {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.closed = true;
        waiting.flushes.clear();
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.waiting().closed = true;
        self.0.changed.notify_one();
    }
}

/// How a request ended, as far as the log wants to know: taken before the failure becomes a body.
pub struct Ending {
    code: Option<&'static str>,
    field: Option<String>,
}

impl Ending {
    /// Reads it off an answer that has no shape yet.
    #[must_use]
    pub fn of(response: &Response) -> Self {
        let failure = response.extensions().get::<Failure>();
        Self {
            code: failure.map(|failure| failure.code.slug()),
            field: failure.and_then(|failure| field(failure.field.as_deref()?)),
        }
    }
}

/// The name of a field of ours. What follows a dot may be a name that the caller made up.
fn field(name: &str) -> Option<String> {
    let own = name.split(['.', '[']).next().unwrap_or_default();
    let is_name = own
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (is_name && !own.is_empty() && own.len() <= LONGEST_FIELD).then(|| own.to_owned())
}

impl RequestLog {
    /// Starts the task that writes, or nothing where the log is off.
    #[must_use]
    pub fn start(on: bool, store: Store) -> Self {
        if !on {
            return Self(None);
        }
        let gathered = Arc::new(Gathered::default());
        tokio::spawn(write(store, Arc::clone(&gathered)));
        Self(Some(Arc::new(Inbox(gathered))))
    }

    /// Hands a request in, if its credential was good.
    pub fn note(
        &self,
        context: &Context,
        method: &Method,
        route: &'static str,
        status: u16,
        ending: Ending,
        elapsed: Duration,
    ) {
        let Some(inbox) = &self.0 else { return };
        let Some(holder) = context.holder() else { return };
        if context.limit().is_some_and(|limit| !limit.kept) {
            return;
        }
        let line = AnsweredRequest {
            environment: holder.environment,
            id: context.id,
            key_kind: holder.kind,
            key: holder.key,
            method: name_of(method).into(),
            route: route.into(),
            status,
            code: ending.code.map(Into::into),
            field: ending.field,
            duration_us: i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX),
            at: context.now,
        };
        let mut waiting = inbox.0.waiting();
        let count = waiting.lines.len() + 1;
        if count > BACKLOG || waiting.closed {
            metrics::counter!("aboard_request_log_dropped_total").increment(1);
            return;
        }
        waiting.lines.push(line);
        drop(waiting);
        if matches!(count, 1 | BATCH) {
            inbox.0.changed.notify_one();
        }
    }

    /// Waits until everything that was handed in is written, or was dropped.
    pub async fn flush(&self) {
        let Some(inbox) = &self.0 else { return };
        let (done, written) = oneshot::channel();
        {
            let mut waiting = inbox.0.waiting();
            if waiting.closed {
                return;
            }
            waiting.flushes.push(done);
        }
        inbox.0.changed.notify_one();
        // The task answers, or has ended and dropped the other end.
        let _ = written.await;
    }
}

async fn write(store: Store, gathered: Arc<Gathered>) {
    let _ended = Ended(Arc::clone(&gathered));
    loop {
        gathered.changed.notified().await;
        let deadline = Instant::now() + GATHERING;
        while !gathered.waiting().is_urgent() && timeout_at(deadline, gathered.changed.notified()).await.is_ok() {}
        let (mut lines, flushes, closed) = gathered.waiting().take();
        while !lines.is_empty() {
            let rest = lines.split_off(lines.len().min(BATCH));
            let count = lines.len() as u64;
            if let Err(error) = store
                .note_requests(store.system(), std::mem::replace(&mut lines, rest))
                .await
            {
                metrics::counter!("aboard_request_log_dropped_total").increment(count);
                tracing::warn!(%error, lines = count, "cannot keep lines of the request log");
            }
        }
        for done in flushes {
            let _ = done.send(());
        }
        if closed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_kept_by_our_own_name_alone() {
        for (name, kept) in [
            ("email", Some("email")),
            ("Idempotency-Key", Some("Idempotency-Key")),
            ("metadata.ada@example.com", Some("metadata")),
            ("parties[0].name", Some("parties")),
            ("ada@example.com", None),
            ("", None),
            (".x", None),
            (&"x".repeat(65), None),
        ] {
            assert_eq!(field(name).as_deref(), kept, "{name}");
        }
    }
}
