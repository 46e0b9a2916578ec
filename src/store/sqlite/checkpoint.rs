//! The write-ahead log: copied into the file and emptied beside the writer, and started over by it.
//!
//! Starting over leaves the log's file as long as it is. What comes next overwrites it, and a commit that does not lengthen
//! a file is synced without the file system's journal, which would also wait for what the checkpointer is writing.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

/// A WAL longer than this is started over by the writer, between two groups.
const LONGEST_WAL: u64 = 64 << 20;
/// The file of a WAL is cut to this when it is started over.
pub(super) const LONGEST_WAL_FILE: u64 = 2 * LONGEST_WAL;
/// The checkpointer copies the WAL into the file whenever this much is new.
const CHECKPOINT_EVERY: u64 = 8 << 20;
/// A page in the log, with its header. Stores are made with SQLite's own size of pages.
const FRAME: u64 = 4_096 + 24;
/// How often the checkpointer looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a checkpoint waits for readers while nothing can be written.
const PATIENCE: Duration = Duration::from_millis(100);
/// After so many looks in vain it is said that the log cannot be emptied: a minute.
const LOOKS_IN_VAIN: u32 = 600;

/// What is to be done to the log.
#[derive(Default)]
pub(super) struct Asked {
    /// By the writer, which lets the next commit begin it anew.
    restart: AtomicBool,
    /// By the checkpointer, which cuts its file to nothing: the writer could not.
    empty: AtomicBool,
}

impl Asked {
    /// Has the checkpointer empty the log.
    pub(super) fn empty(&self) {
        self.empty.store(true, Ordering::Release);
    }

    /// Empties the log between two groups of the writer, or leaves it to the checkpointer if somebody is in the way.
    pub(super) fn empty_now(&self, writer: &Connection) {
        if at_once(writer, "pragma wal_checkpoint(truncate)").is_none_or(|done| done.busy) {
            self.empty();
        }
    }

    /// Lets the next commit of the writer begin the log anew, over what is in it, if that was asked for. Where a reader is
    /// in the way it is asked for again.
    pub(super) fn restart(&self, writer: &Connection) {
        if self.restart.swap(false, Ordering::Relaxed) {
            at_once(writer, "pragma wal_checkpoint(restart)");
        }
    }
}

/// A checkpoint by the writer, which keeps everybody waiting: for readers no longer than it takes to read a few rows.
fn at_once(writer: &Connection, sql: &str) -> Option<Checkpoint> {
    let _ = writer.busy_timeout(PATIENCE);
    let done = checkpoint(writer, sql);
    let _ = writer.busy_timeout(super::writer::PATIENCE);
    done
}

/// How a checkpoint ended.
struct Checkpoint {
    /// Somebody was in its way.
    busy: bool,
    /// Bytes of the log.
    length: u64,
    /// How many of them are in the file too.
    copied: u64,
}

impl Checkpoint {
    fn left(&self) -> u64 {
        self.length.saturating_sub(self.copied)
    }
}

fn checkpoint(connection: &Connection, sql: &str) -> Option<Checkpoint> {
    let bytes = |frames: i64| u64::try_from(frames).unwrap_or(0) * FRAME;
    let done = connection.query_row(sql, [], |row| {
        Ok(Checkpoint {
            busy: row.get(0)?,
            length: bytes(row.get(1)?),
            copied: bytes(row.get(2)?),
        })
    });
    done.inspect_err(|error| tracing::warn!(%error, sql, "a checkpoint failed; it is tried again"))
        .ok()
}

/// Copies new pages of the write-ahead log into the file, beside the writer, and empties it where that is asked for, until
/// `stopped` is hung up.
pub(super) fn checkpoint_loop(path: &Path, asked: &Asked, stopped: &Receiver<()>) {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let mut connection = None;
    let mut in_vain = 0;
    while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let to_empty = asked.empty.load(Ordering::Acquire);
        if !to_empty && std::fs::metadata(&wal).map_or(0, |metadata| metadata.len()) < CHECKPOINT_EVERY {
            continue;
        }
        if connection.is_none() {
            connection = open(path).ok();
        }
        let Some(connection) = &connection else { continue };
        if to_empty {
            // What is erased while this runs asks again.
            asked.empty.store(false, Ordering::Release);
            if checkpoint(connection, "pragma wal_checkpoint(truncate)").is_none_or(|done| done.busy) {
                asked.empty();
                in_vain += 1;
            } else {
                in_vain = 0;
            }
            if in_vain == LOOKS_IN_VAIN {
                tracing::warn!(
                    "what was erased still stands in the write-ahead log: somebody has been reading the store for a minute"
                );
            }
        }
        let Some(found) = checkpoint(connection, "pragma wal_checkpoint(noop)") else {
            continue;
        };
        if found.left() < CHECKPOINT_EVERY {
            continue;
        }
        let Some(done) = checkpoint(connection, "pragma wal_checkpoint(passive)") else {
            continue;
        };
        // Where a reader keeps more from being copied, the writer would wait for it in vain.
        let wanted = done.length > LONGEST_WAL && done.left() < CHECKPOINT_EVERY;
        asked.restart.fetch_or(wanted, Ordering::Relaxed);
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch("pragma synchronous = full")?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_somebody_reads_is_left_to_be_emptied_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("pragma journal_mode = wal; create table t (x); insert into t values (1);")
            .unwrap();
        let length = || std::fs::metadata(directory.path().join("store.db-wal")).unwrap().len();
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("begin; select * from t;").unwrap();
        writer.execute_batch("insert into t values (2)").unwrap();

        let asked = Asked::default();
        asked.empty_now(&writer);
        assert!(asked.empty.load(Ordering::Acquire) && length() > 0);
        reader.execute_batch("rollback").unwrap();
        let asked = Asked::default();
        asked.empty_now(&writer);
        assert!(!asked.empty.load(Ordering::Acquire) && length() == 0);
    }

    #[test]
    fn a_restart_keeps_the_file_and_writes_over_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let writer = Connection::open(&path).unwrap();
        let batch = "with recursive n(i) as (values (1) union all select i + 1 from n where i < 500)
            insert into t select zeroblob(1000) from n;";
        writer
            .execute_batch("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (x);")
            .unwrap();
        writer.execute_batch(batch).unwrap();
        let length = || std::fs::metadata(directory.path().join("store.db-wal")).unwrap().len();
        let before = length();
        let asked = Asked::default();
        asked.restart.store(true, Ordering::Relaxed);
        asked.restart(&writer);
        writer.execute_batch("insert into t values (2)").unwrap();
        let found = checkpoint(&writer, "pragma wal_checkpoint(noop)").unwrap();
        assert_eq!(length(), before);
        assert!(!found.busy && found.length < before / 10 && found.left() > 0);
    }
}
