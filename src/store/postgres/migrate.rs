//! Migrations of PostgreSQL.

use deadpool_postgres::ClientWrapper as Client;

use super::connect::Connector;
use super::failure::{failed, refused};
use super::sql::{self, named};
use crate::store::migrations::{MIGRATIONS, Migration};
use crate::store::{Result, StoreError};

/// Held while migrations run, by one node at a time: "aboard" in ASCII.
const LOCK: &str = "select pg_advisory_lock(x'61626f617264'::bigint)";
// Another node's migrations are waited for as long as they take. A lock on a table is not: whoever waits for it
// makes every query of that table wait too.
const PATIENT: &str = "set client_min_messages = warning; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = 0";
const IMPATIENT: &str = "set lock_timeout = '10s'";
const TABLE: &str =
    "create table if not exists migrations (name text collate \"C\" primary key, checksum bytea not null)";

/// Applies what is missing, on a connection of its own: ending it frees the lock.
pub async fn migrate(connector: &Connector) -> Result<Vec<String>> {
    let client = connector.connected().await.map_err(refused)?.client;
    for statement in [PATIENT, LOCK, IMPATIENT, TABLE] {
        client.batch_execute(statement).await.map_err(failed)?;
    }
    let mut applied = Vec::new();
    for migration in MIGRATIONS {
        if apply(&client, migration).await? {
            applied.push(migration.name.to_owned());
        }
    }
    Ok(applied)
}

/// Whether the step was missing.
async fn apply(client: &Client, migration: &Migration) -> Result<bool> {
    let name = named![name: migration.name];
    let rows = sql::query(client, "select checksum from migrations where name = :name", &name).await?;
    let checksum = Migration::checksum(migration.postgres);
    if let Some(row) = rows.first() {
        let known: &[u8] = row.try_get(0).map_err(failed)?;
        return if known == checksum {
            Ok(false)
        } else {
            Err(StoreError::Setting(migration.changed()))
        };
    }
    client.batch_execute("begin").await.map_err(failed)?;
    // An error ends the connection and the transaction with it.
    client.batch_execute(migration.postgres).await.map_err(failed)?;
    let row = named![name: migration.name, checksum: checksum];
    sql::execute(
        client,
        "insert into migrations (name, checksum) values (:name, :checksum)",
        &row,
    )
    .await?;
    client.batch_execute("commit").await.map_err(failed)?;
    Ok(true)
}
