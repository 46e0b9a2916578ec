//! Writes take a connection of their own for as long as they last: they may wait for locks, and a shared
//! connection would make everybody wait with them.
//!
//! The pool is a stack of idle connections and a semaphore: a connection goes back only when it is known to be
//! clean, and being dropped, for whatever reason, closes it. `deadpool`'s objects do it the other way round.

use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::ClientWrapper as Client;
use futures_util::future::join;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::connect::Connector;
use super::failure::{closed, failed, timed_out, unreachable};
use crate::store::{Result, StoreError};

/// How long a write waits for a free connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a whole write may take; each of its statements is bounded by the server.
const LONGEST_WRITE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Writers {
    connector: Connector,
    idle: Idle,
    /// One permit for each connection; whoever holds all of them knows that nobody writes.
    permits: Arc<Semaphore>,
    connections: u32,
}

type Idle = Arc<Mutex<Vec<Client>>>;

impl Writers {
    pub fn new(connector: Connector, connections: usize) -> Self {
        let connections = u32::try_from(connections.clamp(1, 10_000)).unwrap_or(1);
        Self {
            connector,
            idle: Idle::default(),
            permits: Arc::new(Semaphore::new(connections as usize)),
            connections,
        }
    }

    /// A connection for one write.
    pub async fn lease(&self) -> Result<Lease> {
        let permit = timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await;
        let busy = |_| StoreError::Unavailable("every connection to PostgreSQL is busy".to_owned());
        let permit = permit.map_err(busy)?.map_err(|_| closed())?;
        let client = match self.idle() {
            Some(client) => client,
            None => self.connector.connected().await.map_err(unreachable)?.client,
        };
        Ok(Lease {
            client,
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }

    /// The connection used last that is still alive.
    fn idle(&self) -> Option<Client> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|client| !client.is_closed())
    }

    /// Lets the writes that run end, and refuses others.
    pub async fn close(&self) {
        let all = self.permits.acquire_many(self.connections).await;
        self.permits.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Bounds a write. What it leased is closed with it.
pub async fn bounded<T>(write: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(LONGEST_WRITE, write).await.unwrap_or_else(|_| Err(timed_out()))
}

/// Runs a write to its end even if its caller goes away.
pub async fn to_its_end<T: Send + 'static>(write: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let unfinished = |_| Err(StoreError::Unavailable("a write did not come to its end".to_owned()));
    tokio::spawn(bounded(write)).await.unwrap_or_else(unfinished)
}

/// A connection for one write. One that is dropped in the middle of something is closed.
pub struct Lease {
    client: Client,
    idle: Idle,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// Begins a transaction. A future that is polled after this one sends after it, so the first statements may
    /// share its round trip.
    pub async fn begin(&self) -> Result<()> {
        self.batch_execute("begin").await.map_err(failed)
    }

    /// Does something in a transaction that begins with it, in one round trip with its first statements: on a clean
    /// connection nothing but its end refuses to begin one.
    pub async fn begun<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (begun, done) = join(self.begin(), work).await;
        begun.and(done)
    }

    /// Commits what went well. What failed is rolled back; if its outcome is unknown, so is the state of the
    /// connection, which is closed.
    pub async fn end<T>(self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(value) => {
                self.batch_execute("commit").await.map_err(failed)?;
                self.give_back();
                Ok(value)
            }
            Err(error @ StoreError::Unavailable(_)) => Err(error),
            Err(error) => {
                self.roll_back().await?;
                Err(error)
            }
        }
    }

    /// Undoes the transaction.
    pub async fn roll_back(self) -> Result<()> {
        self.batch_execute("rollback").await.map_err(failed)?;
        self.give_back();
        Ok(())
    }

    /// Ends a write that was a single statement outside any transaction.
    pub fn end_single<T>(self, outcome: Result<T>) -> Result<T> {
        if !matches!(outcome, Err(StoreError::Unavailable(_))) {
            self.give_back();
        }
        outcome
    }

    fn give_back(self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.client);
    }
}

impl Deref for Lease {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
