//! The write-ahead log: copied into the file beside the writer, and started over by it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

/// A WAL longer than this is started over by the writer, between two groups.
pub(super) const LONGEST_WAL: u64 = 64 << 20;
/// The checkpointer copies the WAL into the file whenever this much is new.
const CHECKPOINT_EVERY: u64 = 8 << 20;

/// Starts the log over. Only the writer can: nobody else may be writing.
pub(super) fn restart_wal(connection: &Connection) {
    let restarted = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
    if let Err(error) = restarted {
        tracing::warn!(%error, "cannot start the write-ahead log over; it goes on growing until the next try");
    }
}

/// Copies new pages of the write-ahead log into the file, beside the writer, until `stopped` is hung up.
pub(super) fn checkpoint_loop(path: &Path, restart_wal: &AtomicBool, stopped: &Receiver<()>) {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let mut connection = None;
    let mut copied = 0;
    while stopped.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
        let length = std::fs::metadata(&wal).map_or(0, |metadata| metadata.len());
        copied = copied.min(length);
        if length - copied < CHECKPOINT_EVERY {
            continue;
        }
        if connection.is_none() {
            connection = Connection::open(path)
                .and_then(|new| new.execute_batch("pragma synchronous = full").map(|()| new))
                .ok();
        }
        if let Some(connection) = &connection {
            if let Err(error) = connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())) {
                tracing::warn!(%error, "checkpoint failed; trying again");
            }
            copied = length;
        }
        restart_wal.fetch_or(length > LONGEST_WAL, Ordering::Relaxed);
    }
}
