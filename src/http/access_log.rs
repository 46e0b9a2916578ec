//! One JSON line for each request, written by a thread of its own so that no request waits for a slow reader.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::web::Context;

/// Bytes that wait for the writer; lines beyond are dropped and counted.
const BACKLOG: usize = 8 << 20;
/// How long lines gather before they are written with one call.
const GATHERING: Duration = Duration::from_millis(20);

/// Where lines go; `None` writes nothing.
#[derive(Clone)]
pub struct AccessLog(Option<Arc<Shared>>);

/// Lines on their way to the writer.
pub struct Shared {
    state: Mutex<State>,
    /// Told when the first line comes in after a silence, and at the end.
    news: Condvar,
}

#[derive(Default)]
struct State {
    lines: String,
    closed: bool,
    /// The writer has written everything and is gone.
    ended: bool,
}

/// What a line tells: route template, status, time and ids. Never path, query, headers, bodies or addresses.
pub struct Line<'a> {
    /// Time, and whose request it was.
    pub context: &'a Context,
    /// The request's id, printed.
    pub id: &'a str,
    /// Its method's name.
    pub method: &'static str,
    /// Its route template.
    pub route: &'a str,
    /// What it was answered.
    pub status: u16,
    /// How long it took.
    pub elapsed: Duration,
}

impl AccessLog {
    /// Starts the writer, or nothing where the log is off.
    pub fn start(on: bool) -> std::io::Result<Self> {
        if !on {
            return Ok(Self(None));
        }
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            news: Condvar::new(),
        });
        let writer = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("aboard-access-log".to_owned())
            .spawn(move || writer.drain())?;
        Ok(Self(Some(shared)))
    }

    /// Hands in a line.
    pub fn write<'a>(&self, line: impl FnOnce() -> Line<'a>) {
        let Some(shared) = &self.0 else { return };
        let line = line().format();
        let mut state = shared.lock();
        if state.lines.len() > BACKLOG {
            metrics::counter!("aboard_access_log_dropped_total").increment(1);
            return;
        }
        let first = state.lines.is_empty();
        state.lines.push_str(&line);
        drop(state);
        if first {
            shared.news.notify_one();
        }
    }

    /// Writes what is left and ends the writer.
    pub fn close(&self) {
        let Some(shared) = &self.0 else { return };
        let mut state = shared.lock();
        state.closed = true;
        shared.news.notify_all();
        while !state.ended {
            state = shared.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what has gathered with one call, until the log is closed.
    fn drain(&self) {
        let mut lines = String::new();
        loop {
            let mut state = self.lock();
            while state.lines.is_empty() && !state.closed {
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.lines.is_empty() {
                state.ended = true;
                self.news.notify_all();
                return;
            }
            if !state.closed {
                state = self
                    .news
                    .wait_timeout(state, GATHERING)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            std::mem::swap(&mut lines, &mut state.lines);
            drop(state);
            // Nobody can be told that standard error is closed.
            let _ = std::io::stderr().write_all(lines.as_bytes());
            lines.clear();
        }
    }
}

impl Line<'_> {
    fn format(&self) -> String {
        let mut text = String::with_capacity(256);
        // Writing to a String cannot fail, and no value here needs escaping: ids, numbers and our own words.
        let _ = write!(
            text,
            r#"{{"timestamp":"{}","level":"INFO","message":"request","request_id":"{}","method":"{}","route":"{}","status":{},"duration_us":{}"#,
            self.context.now,
            self.id,
            self.method,
            self.route,
            self.status,
            self.elapsed.as_micros()
        );
        if let Some((environment, key)) = self.context.credential() {
            let _ = write!(text, r#","environment":"{environment}","key":"{key}""#);
        }
        text.push_str("}\n");
        text
    }
}
