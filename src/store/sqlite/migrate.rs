//! Migrations of SQLite.

use rusqlite::Connection;

use super::{fault, unavailable};
use crate::store::migrations::{MIGRATIONS, Migration};
use crate::store::{Result, StoreError};

/// Applies what is missing, in one exclusive transaction, so that two processes cannot do it at once.
pub fn migrate(connection: &Connection) -> Result<Vec<String>> {
    connection.execute_batch("begin exclusive").map_err(unavailable)?;
    let applied = apply(connection);
    let end = if applied.is_ok() { "commit" } else { "rollback" };
    connection.execute_batch(end).map_err(unavailable)?;
    applied
}

fn apply(connection: &Connection) -> Result<Vec<String>> {
    connection
        .execute_batch("create table if not exists migrations (name text primary key, checksum blob not null) strict, without rowid")
        .map_err(fault)?;
    let mut applied = Vec::new();
    for migration in MIGRATIONS {
        let known = super::first(
            connection,
            "select checksum from migrations where name = :name",
            &[(":name", migration.name.into())],
            |row| row.bytes(0),
        )?;
        match known {
            Some(checksum) if checksum == Migration::checksum(migration.sqlite) => {}
            Some(_) => return Err(StoreError::Setting(migration.changed())),
            None => {
                connection.execute_batch(migration.sqlite).map_err(fault)?;
                let params = [
                    (":name", migration.name.into()),
                    (":checksum", Migration::checksum(migration.sqlite).into()),
                ];
                super::execute(
                    connection,
                    "insert into migrations (name, checksum) values (:name, :checksum)",
                    &params,
                )?;
                applied.push(migration.name.to_owned());
            }
        }
    }
    Ok(applied)
}
