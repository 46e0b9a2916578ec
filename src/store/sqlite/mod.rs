//! SQLite: one writer thread that groups commits, a few read-only connections.

mod checkpoint;
mod copy;
mod deliveries;
mod events;
mod links;
mod member;
mod migrate;
mod partner_users;
mod statements;
mod writer;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use self::copy::{CopySide, fence as copy_fence, unfence as copy_unfence};
use self::statements::{execute, fault, first, query, unavailable};
use self::writer::Writer;
use super::instance::Durability;
use super::sql::{Params, Row, Script};
use super::transaction::Tx;
use super::{InFlight, Result, StoreError};

/// How SQLite is run.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Whether every commit is synced before it is answered (`synchronous=FULL`).
    pub sync: bool,
    /// Page cache of the writer, in KiB.
    pub cache_kib: u32,
}

#[derive(Clone)]
pub struct Sqlite {
    writer: Writer,
    readers: Arc<Readers>,
}

struct Readers {
    /// Empty once the store is closed.
    connections: Vec<Mutex<Option<Connection>>>,
}

const READERS: usize = 4;
const STATEMENTS: usize = 256;

thread_local! {
    /// Each thread keeps to one reader, so that threads do not wait for each other.
    static READER: Cell<Option<usize>> = const { Cell::new(None) };
}
static NEXT_READER: AtomicUsize = AtomicUsize::new(0);

impl Sqlite {
    pub fn open(path: &str, options: &SqliteOptions, in_flight: InFlight) -> Result<Self> {
        let path = PathBuf::from(path);
        create_private(&path)?;
        let writer = Writer::start(path.clone(), options.clone(), in_flight)?;
        let connections = (0..READERS)
            .map(|_| open_reader(&path).map(Some).map(Mutex::new))
            .collect::<Result<_>>()?;
        Ok(Self {
            writer,
            readers: Arc::new(Readers { connections }),
        })
    }

    /// Runs a query on this thread: point look-ups take a few microseconds.
    pub fn read<T>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        limit: usize,
        map: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let slot = READER.get().unwrap_or_else(|| {
            let slot = NEXT_READER.fetch_add(1, Ordering::Relaxed) % READERS;
            READER.set(Some(slot));
            slot
        });
        let connection = self.readers.connections[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        query(connection.as_ref().ok_or_else(closed)?, sql, params, limit, map)
    }

    /// Runs plain writes in one transaction.
    pub async fn run(&self, script: Script) -> Result<Vec<u64>> {
        self.writer
            .write(move |connection| {
                script
                    .0
                    .iter()
                    .map(|statement| execute(connection, statement.sql, &statement.params))
                    .collect()
            })
            .await
    }

    /// Runs a verb in one transaction. Answers also whether it wrote an event.
    pub async fn transact<T, F>(&self, work: F) -> Result<(T, bool)>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let waited = || StoreError::Fault("a verb waited for something else than its transaction".to_owned());
        self.writer
            .write_once(move |connection| {
                let tx = Tx::Sqlite(Session(Mutex::new(connection), AtomicBool::new(false)));
                let done = work(&tx).now_or_never().unwrap_or_else(|| Err(waited()))?;
                Ok((done, tx.something_happened()))
            })
            .await
    }

    pub async fn migrate(&self) -> Result<Vec<String>> {
        self.writer.alone(migrate::migrate).await
    }

    pub async fn durability(&self) -> Result<Durability> {
        self.writer
            .alone(|connection| {
                let mode: i64 = connection
                    .pragma_query_value(None, "synchronous", |row| row.get(0))
                    .map_err(fault)?;
                let journal: String = connection
                    .pragma_query_value(None, "journal_mode", |row| row.get(0))
                    .map_err(fault)?;
                let durable = mode >= 2 && journal == "wal";
                Ok(Durability {
                    durable,
                    detail: format!("synchronous={mode}, journal_mode={journal}"),
                    clock: None,
                })
            })
            .await
    }

    pub fn start_log_over(&self) {
        self.writer.start_log_over();
    }

    pub fn start_log_over_in_time(&self) {
        self.writer.start_log_over_in_time();
    }

    pub fn group_counts(&self) -> (u64, u64) {
        self.writer.group_counts()
    }

    pub async fn close(&self) {
        self.writer.close().await;
        for connection in &self.readers.connections {
            connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// The writer's connection, as a verb's future holds it: the lock is never waited for, it only lets the future move
/// between threads, which it never does. Beside it, whether the verb wrote an event.
pub struct Session<'c>(Mutex<&'c mut Connection>, pub AtomicBool);

impl Session<'_> {
    pub fn query<T>(
        &self,
        sql: &str,
        params: &Params<'_>,
        limit: usize,
        map: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        query(
            &self.0.lock().unwrap_or_else(PoisonError::into_inner),
            sql,
            params,
            limit,
            map,
        )
    }

    pub fn execute(&self, sql: &str, params: &Params<'_>) -> Result<u64> {
        execute(&self.0.lock().unwrap_or_else(PoisonError::into_inner), sql, params)
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

fn open_reader(path: &Path) -> Result<Connection> {
    // Read-only by `query_only`: a read-only open could not set up the WAL index of a fresh file.
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(unavailable)?;
    keep_statements(&connection)?;
    connection
        .execute_batch("pragma busy_timeout = 5000; pragma query_only = on; pragma cache_size = -2048;")
        .map_err(unavailable)?;
    Ok(connection)
}

/// Keeps prepared statements, and keeps them prepared: without the stability guarantee SQLite plans a statement
/// anew whenever a bound value could matter to a partial index, at ten times the cost of running it.
fn keep_statements(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(unavailable)?;
    Ok(())
}

/// Makes the file and its directory for this user alone, before SQLite would make them with the umask.
fn create_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let fail = |error: std::io::Error| {
        StoreError::Setting(format!(
            "store.url: cannot create or open {}: {error}. Choose a directory this user may write to.",
            path.display()
        ))
    };
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(fail)?;
    }
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(fail)?;
    Ok(())
}
