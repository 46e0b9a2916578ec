//! What the database of a server under test holds, read beside the server.

use super::app::TestApp;
use super::database::{Database, UNSETTLED, connect};

/// What every table holds that a request may change.
const TABLES: [&str; 19] = [
    "users",
    "identities",
    "user_keys",
    "subscriptions",
    "login_links",
    "sessions",
    "events",
    "deliveries",
    "jobs",
    "idempotency_keys",
    "user_aliases",
    "challenges",
    "code_sends",
    "familiar_networks",
    "messages",
    "inbox",
    "destination_marks",
    "provider_reports",
    "code_counts",
];

impl TestApp {
    /// Everything that requests may change, to compare.
    pub async fn contents(&self) -> Vec<String> {
        let mut contents = Vec::new();
        for table in TABLES {
            let mut rows = self.rows(&format!("select * from {table}")).await;
            rows.sort_unstable();
            contents.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        contents
    }

    /// The rows of a query, each as one text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        match &self.database {
            Database::Sqlite(_) => {
                let beside = rusqlite::Connection::open(self.database.file()).expect("the file opens");
                let mut statement = beside.prepare(sql).expect("good SQL");
                let columns = statement.column_count();
                let row = |row: &rusqlite::Row<'_>| {
                    let values = (0..columns).map(|at| row.get_ref(at).map(shown));
                    Ok(values.collect::<Result<Vec<_>, _>>()?.join(" "))
                };
                let rows = statement.query_map([], row).expect("it runs");
                rows.map(|row| row.expect("a row")).collect()
            }
            Database::Postgres { .. } => {
                let client = connect(&self.database.url()).await;
                let rows = client
                    .query(&format!("select row_to_json(t)::text from ({sql}) t"), &[])
                    .await;
                rows.expect("good SQL").iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Every value of bytes in every table, ids among them, as `table.column` and itself: what somebody has who took the
    /// database.
    pub async fn blobs(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        match &self.database {
            Database::Sqlite(_) => {
                let beside = rusqlite::Connection::open(self.database.file()).expect("the file opens");
                let columns = "select schema.name || '.' || info.name from sqlite_schema schema
                    join pragma_table_info(schema.name) info where schema.type = 'table' and info.type = 'BLOB'";
                for column in self.rows(columns).await {
                    let (table, name) = column.split_once('.').expect("table.column");
                    let sql = format!("select {name} from {table} where {name} is not null");
                    let mut statement = beside.prepare(&sql).expect("good SQL");
                    let values = statement
                        .query_map([], |row| row.get::<_, Vec<u8>>(0))
                        .expect("it runs");
                    found.extend(values.map(|value| (column.clone(), value.expect("bytes"))));
                }
            }
            Database::Postgres { .. } => {
                let client = connect(&self.database.url()).await;
                let columns = "select table_name || '.' || column_name, data_type from information_schema.columns
                    where table_schema = 'public' and data_type in ('bytea', 'uuid')";
                for row in client.query(columns, &[]).await.expect("good SQL") {
                    let (column, kind): (String, String) = (row.get(0), row.get(1));
                    let (table, name) = column.split_once('.').expect("table.column");
                    let value = if kind == "uuid" {
                        format!("uuid_send({name})")
                    } else {
                        name.to_owned()
                    };
                    let sql = format!("select {value} from {table} where {name} is not null");
                    let values = client.query(&sql, &[]).await.expect("good SQL");
                    found.extend(values.iter().map(|row| (column.clone(), row.get(0))));
                }
            }
        }
        found
    }

    /// One number.
    pub async fn count(&self, from: &str) -> usize {
        self.rows(&format!("select 1 from {from}")).await.len()
    }

    /// Waits until readers of the log may see all that was written: on PostgreSQL that is up to the oldest transaction
    /// that is open anywhere in the cluster, which other tests share.
    pub async fn settled(&self) {
        while matches!(&self.database, Database::Postgres { .. }) && self.count(UNSETTLED).await > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Runs SQL beside the server, for what no call can bring about.
    pub async fn execute(&self, sql: &str) {
        match &self.database {
            Database::Sqlite(_) => {
                let beside = rusqlite::Connection::open(self.database.file()).expect("the file opens");
                beside.execute_batch(sql).expect("good SQL");
            }
            Database::Postgres { .. } => {
                connect(&self.database.url())
                    .await
                    .batch_execute(sql)
                    .await
                    .expect("good SQL");
            }
        }
    }
}

fn shown(value: rusqlite::types::ValueRef<'_>) -> String {
    value.as_str().map_or_else(|_| format!("{value:?}"), str::to_owned)
}
