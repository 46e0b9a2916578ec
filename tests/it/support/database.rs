//! A database per test: a file in a directory of its own, or a database on the PostgreSQL server that
//! `TEST_POSTGRES_URL` names, copied from a template that is migrated once for all tests.

use std::fmt::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aboard::clock::{Clock, Ids};
use aboard::store::{InFlight, OpenStore, SqliteOptions, Store};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use url::Url;

/// Taken while the template is made. Any number will do, as long as nobody else locks it.
const TEMPLATE_LOCK: i64 = 0x0061_626f_6172_6430;

/// The engine that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Events that a reader of the log may not see yet, on PostgreSQL.
pub const UNSETTLED: &str = "events where tx >= cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)";

/// A test's own database; it is gone when this is dropped.
pub enum Database {
    Sqlite(TempDir),
    Postgres {
        server: Url,
        name: String,
        beside: Box<OnceCell<Client>>,
    },
}

impl Database {
    /// One whose schema is there already: to make it would be half of what most tests take.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let database = Self::empty(engine).await;
                copy_migrated_file(&database.file()).await;
                database
            }
            Engine::Postgres => {
                let server = server();
                let template = migrated_template(&server).await;
                Self::on(server, &template).await
            }
        }
    }

    /// One that nobody has migrated.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().expect("a temporary directory")),
            Engine::Postgres => Self::on(server(), "template0").await,
        }
    }

    async fn on(server: Url, template: &str) -> Self {
        let name = format!("t_{}", Ids::new(Clock::System).id().simple());
        let admin = connect(server.as_str()).await;
        run(&admin, &format!("create database {name} template {template}")).await;
        let beside = Box::default();
        Self::Postgres { server, name, beside }
    }

    /// Where the store finds it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Postgres { server, name, .. } => at(server, name),
        }
    }

    /// A client beside the store, on PostgreSQL.
    pub async fn beside(&self) -> &Client {
        match self {
            Self::Sqlite(_) => panic!("an SQLite database has no server"),
            Self::Postgres { beside, .. } => beside.get_or_init(async || connect(&self.url()).await).await,
        }
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(directory) => directory.path().join("data").join("aboard.db"),
            Self::Postgres { .. } => panic!("a PostgreSQL database has no file"),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { server, name, .. } = self else {
            return;
        };
        let (server, drop) = (server.clone(), format!("drop database if exists {name} with (force)"));
        // A thread of its own: here may be a runtime, and it may be unwinding.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                run(&connect(server.as_str()).await, &drop).await;
            });
        });
        let dropped = dropped.join().is_ok();
        assert!(
            dropped || std::thread::panicking(),
            "the test's database could not be dropped"
        );
    }
}

/// Options for a store at `url`. Commits are not synced: a test's data lives as long as its process.
pub fn options(url: &str) -> OpenStore {
    OpenStore {
        url: url.to_owned(),
        sqlite: SqliteOptions {
            sync: false,
            cache_kib: 2_048,
        },
        postgres_connections: 8,
        in_flight: InFlight::default(),
        // Verbs take the later of this time and that of their call.
        clock: Clock::Manual(Arc::default()),
    }
}

/// A client beside the store, for what only SQL can say.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("TEST_POSTGRES_URL names a server that takes connections");
    tokio::spawn(connection);
    client
}

async fn run(client: &Client, sql: &str) {
    client
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn server() -> Url {
    let url = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("run `make test`, or set TEST_POSTGRES_URL to a PostgreSQL server the tests may create databases on")
    });
    Url::parse(&url).expect("TEST_POSTGRES_URL is a URL like postgres://user@host:5432/postgres")
}

fn at(server: &Url, database: &str) -> String {
    let mut url = server.clone();
    url.set_path(database);
    url.into()
}

/// Puts a migrated file where there is none yet. The one that is copied is made by whichever test comes first, or by several
/// at once, beside its place, and moved there once it is complete.
async fn copy_migrated_file(to: &Path) {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = place.join(format!("migrated-{}.db", migrations_checksum("sqlite")));
    if !template.exists() {
        let beside = tempfile::tempdir_in(place).expect("a temporary directory");
        let file = beside.path().join("aboard.db");
        let store = Store::open(options(&format!("sqlite:{}", file.display())))
            .await
            .expect("a fresh database opens");
        store.migrate().await.expect("the migrations apply to a fresh database");
        store.close().await;
        std::fs::rename(&file, &template).expect("it is moved");
    }
    let mut private = std::fs::DirBuilder::new();
    private
        .mode(0o700)
        .create(to.parent().expect("it has a directory"))
        .expect("a directory");
    std::fs::copy(&template, to).expect("a copy");
}

/// The name of the migrated template: made by whichever test process comes first, under a lock, and renamed
/// only once it is complete.
async fn migrated_template(server: &Url) -> String {
    let checksum = migrations_checksum("postgres");
    let (template, unfinished) = (format!("t_migrated_{checksum}"), format!("t_unfinished_{checksum}"));
    let admin = connect(server.as_str()).await;
    run(&admin, &format!("select pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let known = admin
        .query_opt("select 1 from pg_database where datname = $1", &[&template])
        .await
        .expect("the server lists its databases");
    if known.is_none() {
        run(&admin, &format!("drop database if exists {unfinished} with (force)")).await;
        run(&admin, &format!("create database {unfinished}")).await;
        let store = Store::open(options(&at(server, &unfinished)))
            .await
            .expect("a fresh database opens");
        store.migrate().await.expect("the migrations apply to a fresh database");
        store.close().await;
        run(&admin, &format!("alter database {unfinished} rename to {template}")).await;
    }
    // The lock ends with this client.
    template
}

fn migrations_checksum(engine: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let entries = std::fs::read_dir(folder).expect("the migrations are there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let texts: Vec<_> = files.iter().map(|file| std::fs::read(file).expect("a text")).collect();
    hex(&aboard_vault::sha256(&texts.concat())[..8])
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        hex
    })
}
