//! One decision, written once for both engines.
//!
//! The hot verbs are written by hand for each engine, because there the engines' ways of being fast differ. Every
//! other verb that decides something is one function over a [`Tx`]: the same reads, the same writes, in one
//! transaction. What differs is behind two calls: on SQLite the writer thread runs it, alone by nature, and every
//! call is ready at once; on PostgreSQL it runs on a connection of its own, and [`Tx::lock`] makes those who decide
//! on the same thing wait for each other.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::sql::{Params, Row};
use super::webhooks::NewDelivery;
use super::{Engine, Result, Store, postgres, sqlite};

/// A transaction that a verb works in. It commits when the verb answers `Ok`; an error rolls it back.
pub enum Tx<'c> {
    Sqlite(sqlite::Session<'c>),
    Postgres(postgres::Session<'c>),
}

impl Tx<'_> {
    /// The first row of a query, mapped.
    pub async fn one<T: Send>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Option<T>> {
        Ok(match self {
            Self::Sqlite(session) => session.query(sql, params, 1, map)?.pop(),
            Self::Postgres(session) => session.query(sql, params, 1, map).await?.pop(),
        })
    }

    /// Every row of a query, mapped.
    pub async fn all<T: Send>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(session) => session.query(sql, params, usize::MAX, map),
            Self::Postgres(session) => session.query(sql, params, usize::MAX, map).await,
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub async fn execute(&self, sql: &'static str, params: &Params<'_>) -> Result<u64> {
        match self {
            Self::Sqlite(session) => session.execute(sql, params),
            Self::Postgres(session) => session.execute(sql, params).await,
        }
    }

    /// Waits until no other transaction holds this name, and holds it to the end of this one. Take it before
    /// reading what the decision depends on; two names always in the same order.
    pub async fn lock(&self, name: &[&[u8]]) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.lock(number_of(name)).await,
        }
    }

    /// Calls of these statements that are polled in turn from now on arrive in that turn, and share a round trip: for
    /// those that build on each other. (A [`Tx::lock`] needs no more than to be polled first.)
    pub async fn ready(&self, statements: &[&'static str]) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.ready(statements).await,
        }
    }

    /// As [`Tx::lock`], but answers false at once if another transaction holds the name.
    pub async fn try_lock(&self, name: &[&[u8]]) -> Result<bool> {
        match self {
            Self::Sqlite(_) => Ok(true),
            Self::Postgres(session) => session.try_lock(number_of(name)).await,
        }
    }
}

impl Tx<'_> {
    fn happened(&self) -> &AtomicBool {
        match self {
            Self::Sqlite(session) => &session.1,
            Self::Postgres(session) => &session.1,
        }
    }

    /// Every event of a transaction before this one is there to be read, and none will come.
    pub(super) async fn horizon(&self) -> Result<i64> {
        match self {
            Self::Sqlite(_) => Ok(i64::MAX),
            Self::Postgres(session) => session.horizon().await,
        }
    }

    /// Adds deliveries to webhooks, and their jobs.
    pub(super) async fn add_deliveries(&self, new: &[NewDelivery]) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.add_deliveries(new),
            Self::Postgres(session) => session.add_deliveries(new).await,
        }
    }

    /// Says that an event was written: whoever waits for events is woken once it is durable.
    pub(super) fn note_event(&self) {
        self.happened().store(true, Ordering::Relaxed);
    }

    /// Whether an event was written.
    pub(super) fn something_happened(&self) -> bool {
        self.happened().load(Ordering::Relaxed)
    }
}

/// Advisory locks are numbers. Two names with one number only wait for each other.
fn number_of(name: &[&[u8]]) -> i64 {
    let mut whole = Vec::new();
    for part in name {
        whole.extend_from_slice(&(part.len() as u64).to_be_bytes());
        whole.extend_from_slice(part);
    }
    let hash = aboard_vault::sha256(&whole);
    i64::from_be_bytes(std::array::from_fn(|at| hash[at]))
}

impl Store {
    /// Runs a verb in one transaction and answers once it is durable. The future may wait for nothing but its
    /// transaction.
    pub(super) async fn transact<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let (done, happened) = match &self.engine {
            Engine::Sqlite(engine) => engine.transact(work).await,
            Engine::Postgres(engine) => engine.transact(work).await,
        }?;
        if happened {
            self.note_events();
        }
        Ok(done)
    }

    /// The end of what was issued until a verb holds its user, which may be long after its call came: calls that came later
    /// may have been served before it.
    pub(super) fn until_held(&self, called_at: Timestamp) -> impl Fn() -> Timestamp + Send + use<> {
        let clock = self.clock.clone();
        // What is made in this very microsecond has to end too.
        move || clock.now().max(called_at) + SignedDuration::from_micros(1)
    }
}
