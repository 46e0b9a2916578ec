//! What a failure of the server or of the way to it means to the caller.

use std::error::Error as _;

use tokio_postgres::Error;

use crate::store::StoreError;

/// A statement that failed.
#[expect(clippy::needless_pass_by_value, reason = "used as map_err(failed)")]
pub fn failed(error: Error) -> StoreError {
    let unknown = match error.code() {
        Some(code) => leaves_unknown(code.code()),
        None => is_lost(&error),
    };
    let text = describe(&error);
    if unknown {
        StoreError::Unavailable(text)
    } else {
        StoreError::Fault(text)
    }
}

/// A connection that could not be made.
#[expect(clippy::needless_pass_by_value, reason = "used as map_err(unreachable)")]
pub fn unreachable(error: Error) -> StoreError {
    StoreError::Unavailable(format!("cannot connect to PostgreSQL: {}", describe(&error)))
}

/// The first connection could not be made: what the URL says may be wrong.
pub fn refused(error: Error) -> StoreError {
    match error.code().map(tokio_postgres::error::SqlState::code) {
        // invalid_authorization_specification, invalid_password, invalid_catalog_name
        Some("28000" | "28P01" | "3D000") => StoreError::Setting(format!(
            "store.url: the server refuses it: {}. Check user, password and database.",
            describe(&error)
        )),
        _ => unreachable(error),
    }
}

/// Whether the connection is gone, so that a read may be tried on another.
pub fn is_lost(error: &Error) -> bool {
    if let Some(code) = error.code() {
        return matches!(code.code(), "57P01" | "57P02" | "57P03") || code.code().starts_with("08");
    }
    // `InvalidInput` is a message of ours that could not be built.
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<std::io::Error>());
    error.is_closed() || io.is_some_and(|io| io.kind() != std::io::ErrorKind::InvalidInput)
}

pub fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

pub fn timed_out() -> StoreError {
    StoreError::Unavailable("PostgreSQL did not answer in time".to_owned())
}

/// Connections, resources, operators, time-outs, and a primary that became a standby.
fn leaves_unknown(code: &str) -> bool {
    matches!(&code[..2.min(code.len())], "08" | "53" | "57" | "58")
        || matches!(code, "55P03" | "25006" | "25P03" | "40003")
}

/// What happened, without the server's detail and hint: they hold values of rows.
fn describe(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
