//! PostgreSQL: shared connections that read, a pool that writes, batches for the hot verbs.

mod batch;
mod connect;
mod copy;
mod deliveries;
mod events;
mod failure;
mod growth;
mod links;
mod migrate;
mod partner_users;
mod readers;
mod sql;
mod wallets;
mod writers;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::future::{BoxFuture, join_all};

use self::batch::{Batcher, Counts};
use self::connect::Connector;
pub use self::copy::{CopySide, fence as copy_fence, fence_function as copy_fence_function, unfence as copy_unfence};
use self::failure::failed;
use self::growth::Growth;
use self::links::Redeem;
use self::partner_users::Login;
use self::readers::Readers;
use self::sql::{Prepared, execute, named, named_of, query};
use self::wallets::Uses;
use self::writers::{Lease, Writers, to_its_end};
use super::instance::Durability;
use super::sql::{Params, Row, Script};
use super::transaction::Tx;
use super::{Result, StoreError};

/// The store on PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Postgres(Arc<Parts>);

struct Parts {
    connector: Connector,
    readers: Readers,
    writers: Writers,
    logins: Batcher<Login>,
    redemptions: Batcher<Redeem>,
    uses: Batcher<Uses>,
    counts: Arc<Counts>,
}

// Full-page writes count: without them a power cut can tear a page, unless the file system forbids it.
const DURABILITY: &str = "
    select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'), clock_timestamp()";

impl Postgres {
    /// Connects; `connections` are for writing, a few more for reading.
    pub async fn open(url: &str, connections: usize) -> Result<Self> {
        let connector = Connector::new(url)?;
        let readers = Readers::open(&connector).await?;
        let writers = Writers::new(connector.clone(), connections);
        let counts = Arc::new(Counts::new(Growth(writers.clone())));
        Ok(Self(Arc::new(Parts {
            connector,
            readers,
            logins: Batcher::new(Login(writers.clone()), Arc::clone(&counts)),
            redemptions: Batcher::new(Redeem(writers.clone()), Arc::clone(&counts)),
            uses: Batcher::new(Uses(writers.clone()), Arc::clone(&counts)),
            writers,
            counts,
        })))
    }

    /// Runs a query on a shared connection.
    pub async fn read<T: Send + 'static>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        limit: usize,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        let rows = self.0.readers.query(sql, &named_of(params)).await?;
        rows.iter().take(limit).map(|row| map(&Row::Postgres(row))).collect()
    }

    /// Runs plain writes in one transaction.
    pub async fn run(&self, script: Script) -> Result<Vec<u64>> {
        let writers = self.0.writers.clone();
        to_its_end(async move {
            let lease = writers.lease().await?;
            let changed = lease.begun(run(&lease, &script)).await;
            lease.end(changed).await
        })
        .await
    }

    /// Runs a verb in one transaction, to its end even if its caller goes away. Answers also whether it wrote an event.
    pub async fn transact<T, F>(&self, work: F) -> Result<(T, bool)>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let writers = self.0.writers.clone();
        to_its_end(async move { transacted(&writers, async |tx| work(tx).await).await }).await
    }

    pub async fn migrate(&self) -> Result<Vec<String>> {
        migrate::migrate(&self.0.connector).await
    }

    pub async fn durability(&self) -> Result<Durability> {
        let found = self
            .read(DURABILITY, &[], 1, |row| {
                let (fsync, commit, pages) = (row.text(0)?, row.text(1)?, row.text(2)?);
                Ok(Durability {
                    durable: fsync == "on" && commit != "off" && pages == "on",
                    detail: format!("fsync={fsync}, synchronous_commit={commit}, full_page_writes={pages}"),
                    clock: Some(row.time(3)?),
                })
            })
            .await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| StoreError::unreadable("settings"))
    }

    pub fn group_counts(&self) -> (u64, u64) {
        self.0.counts.get()
    }

    pub async fn close(&self) {
        self.0.logins.close().await;
        self.0.redemptions.close().await;
        self.0.uses.close().await;
        self.0.writers.close().await;
        self.0.readers.close();
    }
}

/// Runs a verb in one transaction. Answers also whether it wrote an event.
async fn transacted<T>(writers: &Writers, work: impl AsyncFnOnce(&Tx<'_>) -> Result<T>) -> Result<(T, bool)> {
    let lease = writers.lease().await?;
    let outcome = {
        let tx = Tx::Postgres(Session(&lease, AtomicBool::new(false)));
        let worked = async { work(&tx).await.map(|done| (done, tx.something_happened())) };
        lease.begun(worked).await
    };
    lease.end(outcome).await
}

/// A verb's own connection, in a transaction, and whether the verb wrote an event.
pub struct Session<'c>(&'c Lease, pub AtomicBool);

const TRY_LOCK: &str = "select pg_try_advisory_xact_lock(cast(:number as bigint))";

impl Session<'_> {
    pub async fn query<T>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        limit: usize,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        let rows = query(self.0, sql, &named_of(params)).await?;
        rows.iter().take(limit).map(|row| map(&Row::Postgres(row))).collect()
    }

    pub async fn execute(&self, sql: &'static str, params: &Params<'_>) -> Result<u64> {
        execute(self.0, sql, &named_of(params)).await
    }

    /// Sent at its first poll, even on a connection that never saw it: nothing that is polled after it gets ahead.
    pub async fn lock(&self, number: i64) -> Result<()> {
        let lock = format!("select pg_advisory_xact_lock({number})");
        self.0.batch_execute(&lock).await.map_err(failed)
    }

    /// Makes the statements known to the connection.
    pub async fn ready(&self, statements: &[&'static str]) -> Result<()> {
        for sql in statements {
            Prepared::on(self.0, sql).await?;
        }
        Ok(())
    }

    pub async fn try_lock(&self, number: i64) -> Result<bool> {
        let rows = query(self.0, TRY_LOCK, &named![number: number]).await?;
        let row = rows.first().ok_or_else(|| StoreError::unreadable("lock"))?;
        Row::Postgres(row).boolean(0)
    }
}

/// Sends every statement at once. None of them commits, so one that cannot even be sent spoils nothing.
async fn run(lease: &Lease, script: &Script) -> Result<Vec<u64>> {
    let mut prepared = Vec::with_capacity(script.0.len());
    for statement in &script.0 {
        prepared.push((Prepared::on(lease, statement.sql).await?, named_of(&statement.params)));
    }
    let running = prepared
        .iter()
        .map(|(prepared, params)| prepared.execute(lease, params));
    join_all(running).await.into_iter().collect()
}
