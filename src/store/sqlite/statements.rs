//! Statements on one connection: bound by name, kept prepared.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use crate::store::sql::{Param, Params, Row};
use crate::store::{Result, StoreError};

/// The rows of a query, mapped, at most `limit`.
pub(super) fn query<T>(
    connection: &Connection,
    sql: &str,
    params: &Params<'_>,
    limit: usize,
    map: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = prepare(connection, sql, params)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(row) = rows.next().map_err(fault)? else { break };
        found.push(map(&Row::Sqlite(row))?);
    }
    Ok(found)
}

/// The first row of a query, mapped.
pub(super) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: &Params<'_>,
    map: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    Ok(query(connection, sql, params, 1, map)?.pop())
}

/// Runs a statement; answers how many rows it changed.
pub(super) fn execute(connection: &Connection, sql: &str, params: &Params<'_>) -> Result<u64> {
    let changed = prepare(connection, sql, params)?.raw_execute().map_err(fault)?;
    Ok(changed as u64)
}

fn prepare<'c>(connection: &'c Connection, sql: &str, params: &Params<'_>) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    for (name, value) in params {
        let index = statement.parameter_index(name).map_err(fault)?;
        let index = index.ok_or_else(|| StoreError::Fault(format!("no parameter {name} in: {sql}")))?;
        statement.raw_bind_parameter(index, value).map_err(fault)?;
    }
    Ok(statement)
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let null = ToSqlOutput::Owned(Value::Null);
        Ok(match self {
            Self::Id(id) | Self::OptId(Some(id)) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Self::Text(text) | Self::OptText(Some(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) | Self::OptBytes(Some(bytes)) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Int(number) | Self::OptInt(Some(number)) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Time(time) | Self::OptTime(Some(time)) => ToSqlOutput::Owned(Value::Integer(time.as_microsecond())),
            Self::Bool(value) => ToSqlOutput::Owned(Value::Integer(i64::from(*value))),
            Self::OptId(None)
            | Self::OptText(None)
            | Self::OptBytes(None)
            | Self::OptInt(None)
            | Self::OptTime(None) => null,
        })
    }
}

/// A statement that failed. What ends the whole transaction (a full disk, I/O) is told apart by the writer.
#[expect(clippy::needless_pass_by_value, reason = "used as map_err(fault)")]
pub(super) fn fault(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Fault(error.to_string()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as map_err(unavailable)")]
pub(super) fn unavailable(error: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
