//! The writer thread: it runs all that arrived in one transaction, commits once, synced, then answers.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::checkpoint::{Asked, LONGEST_WAL_FILE, checkpoint_loop};
use super::member::{Members, OnceOperation, Operation, Work, batch};
use super::{SqliteOptions, closed, unavailable};
use crate::clock::Stopwatch;
use crate::store::{InFlight, Result, StoreError};

/// No group is larger: the first caller of a group should not wait for thousands.
const LARGEST_GROUP: usize = 1_024;
/// How long a statement waits for another process that writes.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// A group of fewer members is answered by the writer itself.
const FEW: usize = 4;

#[derive(Clone)]
pub struct Writer {
    inbox: Arc<Mutex<Option<Sender<Message>>>>,
    counts: Arc<Counts>,
    log: Arc<Asked>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

#[derive(Default)]
struct Counts {
    operations: AtomicU64,
    commits: AtomicU64,
}

/// Work that has the connection to itself.
type Alone = Box<dyn FnOnce(&Connection) + Send>;

enum Message {
    /// Shares a commit with others.
    Grouped(Box<dyn Work>),
    /// Runs outside a transaction, with the connection to itself.
    Alone(Alone),
}

impl Writer {
    /// Has to be called inside the runtime that the callers run on.
    pub fn start(path: PathBuf, options: SqliteOptions, in_flight: InFlight) -> Result<Self> {
        let runtime = Handle::current();
        let connection = open(&path, &options)?;
        let (inbox, outbox) = channel();
        let counts = Arc::new(Counts::default());
        let log = Arc::new(Asked::default());
        let (stop, stopped) = sync_channel(0);
        let checkpointer = {
            let (path, log) = (path.clone(), Arc::clone(&log));
            spawn("aboard-checkpoint", move || checkpoint_loop(&path, &log, &stopped))?
        };
        let thread = {
            let counts = Arc::clone(&counts);
            let group = Group {
                runtime,
                path,
                options,
                in_flight,
                counts,
                log: Arc::clone(&log),
                last_commit: Duration::ZERO,
                last_size: 0,
            };
            spawn("aboard-writer", move || group.serve(connection, &outbox, stop))?
        };
        Ok(Self {
            inbox: Arc::new(Mutex::new(Some(inbox))),
            counts,
            log,
            threads: Arc::new(Mutex::new(vec![thread, checkpointer])),
        })
    }

    /// Runs an operation in a group and answers once the group's commit is on disk. It may be run twice: after a fault
    /// in its group, which rolled everything back.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Grouped(Box::new(Operation {
            work,
            result: None,
            reply,
        })))?;
        answer.await.map_err(|_| closed())?
    }

    /// As [`Writer::write`], for an operation that can be run only once: whatever follows it in its group runs in
    /// savepoints.
    pub async fn write_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Grouped(Box::new(OnceOperation {
            work: Some(work),
            result: None,
            reply,
        })))?;
        answer.await.map_err(|_| closed())?
    }

    /// Runs an operation by itself, outside any transaction.
    pub async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Alone(Box::new(move |connection| {
            let _ = reply.send(work(connection));
        })))?;
        answer.await.map_err(|_| closed())?
    }

    fn send(&self, message: Message) -> Result<()> {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.as_ref().ok_or_else(closed)?.send(message).map_err(|_| closed())
    }

    /// Empties the write-ahead log, between two groups.
    pub fn start_log_over(&self) {
        let log = Arc::clone(&self.log);
        let _ = self.send(Message::Alone(Box::new(move |connection| log.empty_now(connection))));
    }

    /// As [`Writer::start_log_over`], beside what is written.
    pub fn start_log_over_in_time(&self) {
        self.log.empty();
    }

    pub fn group_counts(&self) -> (u64, u64) {
        (
            self.counts.operations.load(Ordering::Relaxed),
            self.counts.commits.load(Ordering::Relaxed),
        )
    }

    /// Lets the writer finish what it was given, then ends both threads.
    pub async fn close(&self) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join())));
        let _ = joined.await;
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map_err(|error| StoreError::Unavailable(format!("cannot start a thread: {error}")))
}

fn open(path: &Path, options: &SqliteOptions) -> Result<Connection> {
    let connection = Connection::open(path).map_err(unavailable)?;
    super::keep_statements(&connection)?;
    let sync = if options.sync { "full" } else { "normal" };
    connection
        .execute_batch(&format!(
            "pragma busy_timeout = {}; pragma journal_mode = wal; pragma synchronous = {sync}; pragma wal_autocheckpoint = 0;
             pragma foreign_keys = on; pragma secure_delete = on; pragma temp_store = memory; pragma cache_size = -{}; pragma journal_size_limit = {LONGEST_WAL_FILE};",
            PATIENCE.as_millis(), options.cache_kib
        ))
        .map_err(unavailable)?;
    Ok(connection)
}

struct Group {
    runtime: Handle,
    path: PathBuf,
    options: SqliteOptions,
    in_flight: InFlight,
    counts: Arc<Counts>,
    log: Arc<Asked>,
    last_commit: Duration,
    last_size: usize,
}

impl Group {
    /// Serves until every sender is gone. `_stop` ends the checkpointer by being dropped.
    fn serve(mut self, mut connection: Connection, outbox: &Receiver<Message>, _stop: SyncSender<()>) {
        while let Ok(message) = outbox.recv() {
            let mut alone = None;
            match message {
                Message::Alone(work) => work(&connection),
                Message::Grouped(first) => {
                    let (members, fate) = self.commit(&mut connection, first, outbox, &mut alone);
                    if let Err(error) = &fate {
                        tracing::error!(%error, members = members.len(), "a group was lost; its callers are told that the outcome is unknown");
                    }
                    let lost = fate.err();
                    if lost.is_some() {
                        // The transaction's state is unknown: only a new connection is known to be clean.
                        drop(connection);
                        connection = self.reopen();
                    }
                    self.answer(members, lost);
                }
            }
            if let Some(work) = alone {
                work(&connection);
            }
            self.log.restart(&connection);
        }
    }

    /// Gathers a group, runs its members and commits. Answers the members and whether the commit stands.
    fn commit(
        &mut self,
        connection: &mut Connection,
        first: Box<dyn Work>,
        outbox: &Receiver<Message>,
        alone: &mut Option<Alone>,
    ) -> (Vec<Box<dyn Work>>, Result<()>) {
        let mut members = Members::default();
        if let Err(error) = batch(connection, "begin immediate") {
            return (vec![first], Err(error));
        }
        let mut next = Some(first);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(member) = next.take()
                && let Err(error) = members.run(connection, member)
            {
                let _ = connection.execute_batch("rollback");
                return (members.list, Err(error));
            }
            if members.list.len() >= LARGEST_GROUP {
                break;
            }
            let message = match outbox.try_recv() {
                Ok(message) => message,
                // Whoever is being served now, or was in the last group and comes back, may be about to write: a short
                // wait for each lets them share this commit, as long as all waits are shorter than what a commit takes.
                Err(_) if members.list.len() < self.in_flight.count().max(self.last_size) => {
                    let patience = (self.last_commit / 3).min(self.last_commit.saturating_sub(waited));
                    let waiting = Stopwatch::start();
                    let came = outbox.recv_timeout(patience);
                    waited += waiting.elapsed();
                    match came {
                        Ok(message) => message,
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                    }
                }
                Err(_) => break,
            };
            match message {
                Message::Grouped(work) => next = Some(work),
                Message::Alone(work) => {
                    *alone = Some(work);
                    break;
                }
            }
        }
        let members = members.list;
        let committing = Stopwatch::start();
        let fate = batch(connection, "commit");
        self.last_commit = committing.elapsed();
        self.last_size = members.len();
        self.counts
            .operations
            .fetch_add(members.len() as u64, Ordering::Relaxed);
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        (members, fate)
    }

    /// Tells the callers of a group. Many are told by a task: each would be put into the runtime's shared queue from
    /// out here, while the next group waits; in there they are one push into the worker's own.
    fn answer(&self, members: Vec<Box<dyn Work>>, lost: Option<StoreError>) {
        let answer = move || {
            for member in members {
                member.answer(lost.as_ref());
            }
        };
        if self.last_size < FEW {
            answer();
        } else {
            self.runtime.spawn(async move { answer() });
        }
    }

    /// Opens the file again, however long it takes: without it nothing can be answered.
    fn reopen(&self) -> Connection {
        let (_keep, never) = sync_channel::<()>(0);
        loop {
            match open(&self.path, &self.options) {
                Ok(connection) => return connection,
                Err(error) => {
                    tracing::error!(%error, "cannot open the store again; trying once a second");
                    let _ = never.recv_timeout(Duration::from_secs(1));
                }
            }
        }
    }
}
