//! The request log in the store: a line for each request with a good credential, written in batches behind the
//! answers. No request ever waits for it; what it cannot take is dropped and counted.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use axum::response::Response;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::method_names::name_of;
use crate::store::{AnsweredRequest, Store};
use crate::web::{Context, Failure};

/// Lines that wait to be written; further ones are dropped.
const BACKLOG: usize = 8_192;
/// Lines written at once: one block, if they are of one environment.
const BATCH: usize = 256;
/// How long lines gather.
const GATHERING: Duration = Duration::from_millis(500);
/// The longest name of a field that is kept.
const LONGEST_FIELD: usize = 64;

/// Where lines go; `None` keeps nothing.
#[derive(Clone)]
pub struct RequestLog(Option<Arc<Sender<Message>>>);

enum Message {
    Line(Box<AnsweredRequest>),
    /// Told once everything before it is written.
    Flush(oneshot::Sender<()>),
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
        let (inbox, outbox) = channel(BACKLOG);
        tokio::spawn(write(store, outbox));
        Self(Some(Arc::new(inbox)))
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
        let Ok(room) = inbox.try_reserve() else {
            metrics::counter!("aboard_request_log_dropped_total").increment(1);
            return;
        };
        room.send(Message::Line(Box::new(AnsweredRequest {
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
        })));
    }

    /// Waits until everything that was handed in is written, or was dropped.
    pub async fn flush(&self) {
        let Some(inbox) = &self.0 else { return };
        let (done, written) = oneshot::channel();
        if inbox.send(Message::Flush(done)).await.is_ok() {
            // The task answers unless the runtime is ending, and then there is nobody to wait.
            let _ = written.await;
        }
    }
}

async fn write(store: Store, mut outbox: Receiver<Message>) {
    while let Some(first) = outbox.recv().await {
        let (mut lines, mut flushed) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        let deadline = Instant::now() + GATHERING;
        while let Some(message) = next {
            match message {
                Message::Line(line) => lines.push(*line),
                Message::Flush(done) => flushed.push(done),
            }
            if lines.len() >= BATCH || !flushed.is_empty() {
                break;
            }
            next = tokio::select! {
                message = outbox.recv() => message,
                () = sleep_until(deadline) => None,
            };
        }
        let count = lines.len() as u64;
        if count > 0
            && let Err(error) = store.note_requests(store.system(), lines).await
        {
            metrics::counter!("aboard_request_log_dropped_total").increment(count);
            tracing::warn!(%error, lines = count, "cannot keep lines of the request log");
        }
        for done in flushed {
            let _ = done.send(());
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
