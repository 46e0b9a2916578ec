//! The write-ahead log: copied into the file beside the writer, and started over by it.
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

/// Lets the next commit begin the log anew, over what is in it. Only the writer can: nobody else may be writing.
pub(super) fn restart_wal(connection: &Connection) {
    checkpoint(connection, "pragma wal_checkpoint(restart)");
}

/// Starts the log over with an empty file, so that nothing of what was erased is left in it.
pub(super) fn empty_wal(connection: &Connection) {
    checkpoint(connection, "pragma wal_checkpoint(truncate)");
}

/// How many bytes the log has, and how many of them are in the file too.
fn checkpoint(connection: &Connection, sql: &str) -> Option<(u64, u64)> {
    // A page of the log has a header of 24 bytes.
    let bytes = |frames: i64| u64::try_from(frames).unwrap_or(0) * (4096 + 24);
    let read = connection.query_row(sql, [], |row| Ok((bytes(row.get(1)?), bytes(row.get(2)?))));
    read.inspect_err(|error| tracing::warn!(%error, sql, "the write-ahead log goes on growing until the next try"))
        .ok()
}

/// Copies new pages of the write-ahead log into the file, beside the writer, until `stopped` is hung up.
pub(super) fn checkpoint_loop(path: &Path, restart_wal: &AtomicBool, stopped: &Receiver<()>) {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let mut connection = None;
    while stopped.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
        if std::fs::metadata(&wal).map_or(0, |metadata| metadata.len()) < CHECKPOINT_EVERY {
            continue;
        }
        if connection.is_none() {
            connection = Connection::open(path)
                .and_then(|new| new.execute_batch("pragma synchronous = full").map(|()| new))
                .ok();
        }
        let Some(connection) = &connection else { continue };
        let Some((length, copied)) = checkpoint(connection, "pragma wal_checkpoint(noop)") else {
            continue;
        };
        if length - copied.min(length) >= CHECKPOINT_EVERY {
            checkpoint(connection, "pragma wal_checkpoint(passive)");
            restart_wal.fetch_or(length > LONGEST_WAL, Ordering::Relaxed);
        }
    }
}
