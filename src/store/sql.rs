//! SQL that both engines take: named parameters, typed rows, scripts of plain writes.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Engine, Result, Store, StoreError};

/// A value bound by name (`:name` in the text).
#[derive(Debug, Clone)]
pub enum Param<'a> {
    Id(Uuid),
    OptId(Option<Uuid>),
    Text(Cow<'a, str>),
    OptText(Option<Cow<'a, str>>),
    Bytes(Cow<'a, [u8]>),
    OptBytes(Option<Cow<'a, [u8]>>),
    Int(i64),
    OptInt(Option<i64>),
    Time(Timestamp),
    OptTime(Option<Timestamp>),
    Bool(bool),
}

macro_rules! param_from {
    ($($type:ty => |$value:ident| $param:expr;)*) => {$(
        impl<'a> From<$type> for Param<'a> {
            fn from($value: $type) -> Self { $param }
        }
    )*};
}

param_from! {
    Uuid => |value| Param::Id(value);
    Option<Uuid> => |value| Param::OptId(value);
    &'a str => |value| Param::Text(Cow::Borrowed(value));
    String => |value| Param::Text(Cow::Owned(value));
    Option<&'a str> => |value| Param::OptText(value.map(Cow::Borrowed));
    Option<String> => |value| Param::OptText(value.map(Cow::Owned));
    &'a [u8] => |value| Param::Bytes(Cow::Borrowed(value));
    Vec<u8> => |value| Param::Bytes(Cow::Owned(value));
    Option<Vec<u8>> => |value| Param::OptBytes(value.map(Cow::Owned));
    i64 => |value| Param::Int(value);
    Option<i64> => |value| Param::OptInt(value);
    Timestamp => |value| Param::Time(value);
    Option<Timestamp> => |value| Param::OptTime(value);
    bool => |value| Param::Bool(value);
}

/// Named parameters of one statement; the names start with a colon, as in the text.
pub type Params<'p> = [(&'static str, Param<'p>)];

/// Names and values of one statement: `params![id: key.id.0, at: now]`.
macro_rules! params {
    ($($name:ident: $value:expr),* $(,)?) => {
        [$((concat!(":", stringify!($name)), $crate::store::sql::Param::from($value))),*]
    };
}
pub(super) use params;

/// One row of either engine. Columns are read by position; a value that does not fit is a fault.
pub enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident -> $type:ty = $sqlite:ty, $postgres:ty, |$value:ident| $convert:expr, $convert_postgres:expr;)*) => {
        impl Row<'_> {$(
            $(#[$doc])*
            pub fn $name(&self, index: usize) -> Result<$type> {
                match self {
                    Self::Sqlite(row) => {
                        let $value: $sqlite = row.get(index).map_err(|_| StoreError::unreadable(stringify!($name)))?;
                        $convert
                    }
                    Self::Postgres(row) => {
                        let $value: $postgres = row.try_get(index).map_err(|_| StoreError::unreadable(stringify!($name)))?;
                        $convert_postgres
                    }
                }
            }
        )*}
    };
}

columns! {
    id -> Uuid = [u8; 16], Uuid, |value| Ok(Uuid::from_bytes(value)), Ok(value);
    opt_id -> Option<Uuid> = Option<[u8; 16]>, Option<Uuid>, |value| Ok(value.map(Uuid::from_bytes)), Ok(value);
    text -> String = String, String, |value| Ok(value), Ok(value);
    opt_text -> Option<String> = Option<String>, Option<String>, |value| Ok(value), Ok(value);
    bytes -> Vec<u8> = Vec<u8>, Vec<u8>, |value| Ok(value), Ok(value);
    opt_bytes -> Option<Vec<u8>> = Option<Vec<u8>>, Option<Vec<u8>>, |value| Ok(value), Ok(value);
    int -> i64 = i64, i64, |value| Ok(value), Ok(value);
    opt_int -> Option<i64> = Option<i64>, Option<i64>, |value| Ok(value), Ok(value);
    time -> Timestamp = i64, Timestamp, |value| from_micros(value), Ok(value);
    opt_time -> Option<Timestamp> = Option<i64>, Option<Timestamp>, |value| value.map(from_micros).transpose(), Ok(value);
    boolean -> bool = bool, bool, |value| Ok(value), Ok(value);
}

impl Row<'_> {
    /// A word of an enumeration.
    pub fn word<T>(&self, index: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(&self.text(index)?).ok_or_else(|| StoreError::unreadable("word"))
    }
}

pub fn from_micros(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::unreadable("time"))
}

/// One statement of a [`Script`].
pub struct Statement {
    pub sql: &'static str,
    pub params: Vec<(&'static str, Param<'static>)>,
}

/// Plain writes that happen together or not at all.
#[derive(Default)]
pub struct Script(pub Vec<Statement>);

impl Script {
    /// Appends a statement.
    pub fn then<const N: usize>(mut self, sql: &'static str, params: [(&'static str, Param<'static>); N]) -> Self {
        self.0.push(Statement {
            sql,
            params: params.into(),
        });
        self
    }
}

impl Store {
    /// The first row of a query, mapped.
    pub(super) async fn one<T: Send + 'static>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Option<T>> {
        Ok(match &self.engine {
            Engine::Sqlite(engine) => engine.read(sql, params, 1, map)?.pop(),
            Engine::Postgres(engine) => engine.read(sql, params, 1, map).await?.pop(),
        })
    }

    /// The row of a query whose time, then id, is the greatest. For the claims of one source on one user, which are
    /// few: SQLite would build a table to sort even a single row in.
    pub(super) async fn newest<T: Send + 'static>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        map: impl Fn(&Row<'_>) -> Result<(Timestamp, Uuid, T)> + Send + Sync,
    ) -> Result<Option<T>> {
        let rows = self.all(sql, params, map).await?;
        Ok(rows.into_iter().max_by_key(|row| (row.0, row.1)).map(|row| row.2))
    }

    /// Every row of a query, mapped. For lists that are short by nature or have a limit in their text.
    pub(super) async fn all<T: Send + 'static>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(sql, params, usize::MAX, map),
            Engine::Postgres(engine) => engine.read(sql, params, usize::MAX, map).await,
        }
    }

    /// Runs plain writes in one transaction; answers how many rows each statement changed.
    pub(super) async fn run(&self, script: Script) -> Result<Vec<u64>> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.run(script).await,
            Engine::Postgres(engine) => engine.run(script).await,
        }
    }
}
