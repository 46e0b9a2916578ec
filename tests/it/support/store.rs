//! A migrated store on a database of the test's own, with a clock that the test moves.

use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aboard::clock::{Clock, Ids};
use aboard::store::{AdminScope, AuditEntry, OpenStore, Store};
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::database::{Database, UNSETTLED, hex, options};

pub use super::database::Engine;

/// Runs each scenario, an `async fn(TestStore)`, as a test on either engine: `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::support::store::{Engine, TestStore};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                super::$name(TestStore::new(Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                super::$name(TestStore::new(Engine::Postgres).await).await;
            }
        }
    )*};
}
pub(crate) use both;

/// A store under test. Clones share the database, the clock and the ids.
#[derive(Clone)]
pub struct TestStore {
    store: Store,
    pub engine: Engine,
    pub clock: Clock,
    pub ids: Ids,
    // Last: it is dropped after the store.
    pub database: Arc<Database>,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl TestStore {
    /// An empty, migrated store on a database of its own.
    pub async fn new(engine: Engine) -> Self {
        let database = Database::new(engine).await;
        let clock = Clock::Manual(Arc::new(AtomicI64::new(1_800_000_000_000_000)));
        let options = OpenStore {
            clock: clock.clone(),
            ..options(&database.url())
        };
        let store = Store::open(options).await.expect("the store opens");
        store.migrate().await.expect("the migrations apply");
        Self {
            store,
            engine,
            ids: Ids::new(clock.clone()),
            clock,
            database: Arc::new(database),
        }
    }

    /// Another store on the same database, as another node or the command line has it.
    pub async fn another(&self) -> Self {
        let options = OpenStore {
            clock: self.clock.clone(),
            ..options(&self.database.url())
        };
        let store = Store::open(options).await.expect("the store opens twice");
        Self { store, ..self.clone() }
    }

    /// Somebody who changes how the instance is run.
    pub fn admin(&self) -> AdminScope {
        self.administer("a test", Arc::new(seal_of))
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time `seconds` from now.
    pub fn later(&self, seconds: i64) -> Timestamp {
        self.now() + SignedDuration::from_secs(seconds)
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// An id as it is written in SQL.
    pub fn literal(&self, id: Uuid) -> String {
        match self.engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'::uuid"),
        }
    }

    /// A time as it is written in SQL.
    pub fn moment(&self, time: Timestamp) -> String {
        match self.engine {
            Engine::Sqlite => time.as_microsecond().to_string(),
            Engine::Postgres => format!("'{time}'::timestamptz"),
        }
    }

    /// Runs SQL behind the store's back, for states that no verb makes.
    pub async fn execute(&self, sql: &str) {
        match self.engine {
            Engine::Sqlite => self.beside().execute_batch(sql).expect(sql),
            Engine::Postgres => self.database.beside().await.batch_execute(sql).await.expect(sql),
        }
    }

    /// A connection to the SQLite file beside the store.
    pub fn beside(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.database.file()).expect("the file opens")
    }

    /// The rows of a query, each as one text with `|` between the columns, in the order they come.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        match self.engine {
            Engine::Sqlite => {
                let connection = self.beside();
                let mut statement = connection.prepare(sql).expect(sql);
                let columns = statement.column_count();
                let row = |row: &rusqlite::Row<'_>| {
                    let values = (0..columns).map(|column| row.get(column).map(plain));
                    Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
                };
                let rows = statement.query_map([], row).expect(sql);
                rows.map(|row| row.expect(sql)).collect()
            }
            Engine::Postgres => {
                let messages = self.database.beside().await.simple_query(sql).await.expect(sql);
                let rows = messages.into_iter().filter_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                let text = |row: tokio_postgres::SimpleQueryRow| {
                    let values = (0..row.len()).map(|column| row.get(column).unwrap_or("null").to_owned());
                    values.collect::<Vec<_>>().join("|")
                };
                rows.map(text).collect()
            }
        }
    }

    /// How many rows a table has; it may be followed by a `where`.
    pub async fn count(&self, table: &str) -> usize {
        let rows = self.rows(&format!("select count(*) from {table}")).await;
        rows[0].parse().expect("a number")
    }

    /// Waits until readers of the log may see all that was written: on PostgreSQL that is up to the oldest transaction
    /// that is open anywhere in the cluster, which other tests share.
    pub async fn settled(&self) {
        while self.engine == Engine::Postgres && self.count(UNSETTLED).await > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// The tables of the schema, in order.
    pub async fn tables(&self) -> Vec<String> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name"
            }
            Engine::Postgres => {
                "select tablename from pg_tables where schemaname = 'public' order by tablename collate \"C\""
            }
        };
        self.rows(sql).await
    }

    /// Everything there is: equal before and after whatever changed nothing.
    pub async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in self.tables().await {
            let mut rows = self.rows(&format!("select * from {table}")).await;
            rows.sort();
            all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        all
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => hex(&bytes),
    }
}

/// A seal that stands for one under a root key.
pub fn seal_of(before: &[u8], entry: &AuditEntry) -> Vec<u8> {
    let said = format!(
        "{before:?} {} {} {} {}",
        entry.seq, entry.actor, entry.action, entry.details
    );
    aboard_vault::sha256(said.as_bytes()).to_vec()
}

/// Runs `count` futures on the runtime's threads, all from the same moment on.
pub async fn race<T, F>(count: usize, contender: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut contenders = JoinSet::new();
    for number in 0..count {
        let (start, run) = (Arc::clone(&start), contender(number));
        contenders.spawn(async move {
            start.wait().await;
            run.await
        });
    }
    contenders.join_all().await
}

/// Starts a call to the store, up to where it waits for its answer: it is handed in then.
pub fn hand_in<T>(call: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    call.poll(&mut Context::from_waker(Waker::noop()))
}
