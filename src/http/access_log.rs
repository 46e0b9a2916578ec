//! One JSON line for each request, written by a thread of its own so that no request waits for a slow reader.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use crate::web::Context;

/// Lines that wait for the writer; more are dropped and counted.
const BACKLOG: usize = 16_384;

/// Where lines go; `None` writes nothing.
#[derive(Clone)]
pub struct AccessLog(Option<SyncSender<String>>);

/// What a line tells: route template, status, time and ids. Never path, query, headers, bodies or addresses.
pub struct Line<'a> {
    /// Time, and whose request it was.
    pub context: &'a Context,
    /// The request's id, printed.
    pub id: &'a str,
    /// Its method.
    pub method: &'a str,
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
        let (sender, receiver) = sync_channel(BACKLOG);
        std::thread::Builder::new()
            .name("aboard-access-log".to_owned())
            .spawn(move || drain(&receiver))?;
        Ok(Self(Some(sender)))
    }

    /// Hands in a line.
    pub fn write<'a>(&self, line: impl FnOnce() -> Line<'a>) {
        let Some(sender) = &self.0 else { return };
        if sender.try_send(line().format()).is_err() {
            metrics::counter!("aboard_access_log_dropped_total").increment(1);
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
            method(self.method),
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

/// A method that somebody made up could hold anything that a token may hold.
fn method(method: &str) -> &str {
    if method.len() <= 10 && method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        method
    } else {
        "other"
    }
}

/// Writes what has come in with one call, until every sender is gone.
fn drain(receiver: &Receiver<String>) {
    let mut lines = String::new();
    while let Ok(line) = receiver.recv() {
        lines.push_str(&line);
        while lines.len() < 64 << 10
            && let Ok(line) = receiver.try_recv()
        {
            lines.push_str(&line);
        }
        // Nobody can be told that standard error is closed.
        let _ = std::io::stderr().write_all(lines.as_bytes());
        lines.clear();
    }
}
