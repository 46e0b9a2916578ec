//! One side of a copy, on the engine that its URL names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Cell, Key, Page, Table, cells, moved};
use crate::clock::Stopwatch;
use crate::store::{Result, StoreError, postgres, sqlite};

/// How long other connections may take to end, and how often they are looked at.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// A connection of its own to a database. Cheap to clone.
#[derive(Clone)]
pub enum Side {
    Sqlite(Arc<sqlite::CopySide>),
    Postgres(Arc<postgres::CopySide>),
}

/// Role, place and fingerprint.
pub type Mark = (String, String, Vec<u8>);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let ended = |_| StoreError::Unavailable("a thread of the copy ended".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(ended)?
}

/// Calls the same on either engine: on a thread that may wait, or on the connection's own task.
macro_rules! on {
    ($side:expr, |$one:ident| $call:expr) => {
        match $side {
            Side::Sqlite(side) => {
                let $one = Arc::clone(side);
                blocking(move || $call).await
            }
            Side::Postgres($one) => $call.await,
        }
    };
}

impl Side {
    /// Connects to a database that is there.
    pub async fn open(url: &str) -> Result<Self> {
        Ok(match url.strip_prefix("sqlite:") {
            Some(path) => Self::Sqlite(Arc::new(sqlite::CopySide::open(Path::new(path))?)),
            None => Self::Postgres(Arc::new(postgres::CopySide::open(url).await?)),
        })
    }

    /// Refuses while other programs of ours are connected. On SQLite nobody can know; see the caller, and the lock.
    pub async fn must_be_alone(&self, shown: &str) -> Result<()> {
        let Self::Postgres(side) = self else { return Ok(()) };
        let watch = Stopwatch::start();
        // Who has just ended, or was cut off, is seen for a moment more.
        while side.others().await? > 0 {
            if watch.elapsed() > PATIENCE {
                return Err(StoreError::Setting(format!(
                    "store.url: a server is running on {shown}. Stop every one of them first; nothing was changed."
                )));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    pub async fn tables(&self) -> Result<Vec<Table>> {
        on!(self, |side| side.tables())
    }

    /// Keeps everybody else from writing.
    pub async fn lock(&self, tables: &[Table]) -> Result<()> {
        match self {
            Self::Sqlite(side) => {
                let side = Arc::clone(side);
                let locked = blocking(move || side.lock()).await;
                locked.map_err(|error| {
                    StoreError::Setting(format!(
                        "store.url: somebody else is writing to the source ({error}). Stop the server, then copy."
                    ))
                })
            }
            Self::Postgres(side) => side.lock(tables).await,
        }
    }

    pub async fn page(&self, table: &Arc<Table>, after: &Key, limit: u64) -> Result<Page> {
        let (table, after) = (Arc::clone(table), after.clone());
        on!(self, |side| side.page(&table, &after, limit))
    }

    pub async fn put(&self, table: &Arc<Table>, page: Page) -> Result<()> {
        let table = Arc::clone(table);
        on!(self, |side| side.put(&table, &page))
    }

    /// Takes every row out of the tables, children first.
    pub async fn empty(&self, pairs: &[(Arc<Table>, Arc<Table>)]) -> Result<()> {
        let names: Vec<String> = pairs.iter().rev().map(|(_, table)| table.name.clone()).collect();
        on!(self, |side| side.empty(&names))
    }

    /// Makes room for many rows at once; [`Side::finish`] undoes it. On SQLite there is nothing to gain.
    pub async fn set_indexes_aside(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(side) => side.set_indexes_aside().await,
        }
    }

    pub async fn counter(&self, table: &Arc<Table>) -> Result<i64> {
        let table = Arc::clone(table);
        on!(self, |side| side.counter(&table))
    }

    pub async fn set_counter(&self, table: &Arc<Table>, last: i64) -> Result<()> {
        let table = Arc::clone(table);
        on!(self, |side| side.set_counter(&table, last))
    }

    pub async fn mark(&self) -> Result<Option<Mark>> {
        on!(self, |side| side.mark())
    }

    pub async fn set_mark(&self, role: &'static str, place: &str, fingerprint: &[u8], now: Timestamp) -> Result<()> {
        let (place, fingerprint) = (place.to_owned(), fingerprint.to_owned());
        on!(self, |side| side.set_mark(role, &place, &fingerprint, now))
    }

    /// Which instance it is: nobody else has its canary.
    pub async fn fingerprint(&self) -> Result<Vec<u8>> {
        let tables = self.tables().await?;
        let table = tables.into_iter().find(|table| table.name == "instance");
        let table = Arc::new(table.ok_or_else(|| StoreError::unreadable("schema"))?);
        let page = self.page(&table, &Key::default(), 1).await?;
        let row = cells(&page.bytes).collect::<Result<Vec<_>>>()?;
        let canary = table.columns.iter().position(|column| column.name == "canary");
        match canary.and_then(|at| row.get(at)) {
            Some(Cell::Bytes(canary)) => Ok(aboard_vault::sha256(canary).to_vec()),
            _ => Err(StoreError::Setting(
                "store.url: there is no instance in the source: it was never started. Check store.url.".to_owned(),
            )),
        }
    }

    /// Refuses every later write, and ends the transaction that [`Side::lock`] began.
    pub async fn fence(&self, tables: &[Table], place: &str, fingerprint: &[u8], now: Timestamp) -> Result<()> {
        self.set_mark("source", place, fingerprint, now).await?;
        let (message, names) = (moved(place), tables.iter().map(|table| &table.name));
        match self {
            Self::Sqlite(side) => {
                let triggers: Vec<_> = names.map(|table| sqlite::copy_fence(table, &message)).collect();
                let side = Arc::clone(side);
                blocking(move || {
                    side.batch(&triggers.concat())?;
                    side.commit()
                })
                .await
            }
            Self::Postgres(side) => {
                let triggers = names.map(|table| postgres::copy_fence(table));
                let triggers: Vec<_> = std::iter::once(postgres::copy_fence_function(&message))
                    .chain(triggers)
                    .collect();
                side.batch(&triggers.concat()).await?;
                side.commit().await
            }
        }
    }

    /// Lifts the fence of a source, in one transaction.
    pub async fn unfence(&self, tables: &[Table]) -> Result<()> {
        let names = tables.iter().map(|table| &*table.name);
        match self {
            Self::Sqlite(side) => {
                let drops: Vec<_> = names.map(sqlite::copy_unfence).collect();
                let sql = format!("begin immediate; {} delete from copies; commit", drops.concat());
                let side = Arc::clone(side);
                blocking(move || side.batch(&sql)).await
            }
            Self::Postgres(side) => {
                let drops: Vec<_> = names.map(postgres::copy_unfence).collect();
                let end = "drop function if exists moved(); delete from copies; commit";
                side.batch(&format!("begin; {} {end}", drops.concat())).await
            }
        }
    }

    /// Lets the target go: from now on it is a store like any other.
    pub async fn finish(&self) -> Result<()> {
        match self {
            Self::Sqlite(side) => {
                let side = Arc::clone(side);
                blocking(move || side.batch("delete from copies")).await
            }
            Self::Postgres(side) => side.finish().await,
        }
    }
}
