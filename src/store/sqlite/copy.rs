//! One side of a copy on SQLite: a connection of its own, beside the writer's.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{fault, unavailable};
use crate::store::Result;
use crate::store::copy::{Cell, Column, Key, Kind, Page, Table, cells, page_of, quoted};

/// A page is not made longer than about this: rows may hold long texts.
const LONGEST_PAGE: usize = 8 << 20;

const TABLES: &str = "
    select name, lower(sql) like '%autoincrement%' from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name";
// `tx` of an event, and whatever points at one, is the other engine's.
const COLUMNS: &str = "
    select name, lower(type), pk from pragma_table_info(?1) where name <> 'tx' and name not like '%!_tx' escape '!' order by cid";
const PARENTS: &str = "select distinct \"table\" from pragma_foreign_key_list(?1)";

/// A file that is copied from or to.
pub struct CopySide(Mutex<Connection>);

impl CopySide {
    /// Opens a file that is there.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
        connection
            .execute_batch(
                "pragma busy_timeout = 5000; pragma foreign_keys = on; pragma secure_delete = on; pragma cache_size = -65536;
                 pragma synchronous = full;",
            )
            .map_err(unavailable)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).map_err(fault)
    }

    /// Keeps everybody else from writing until [`CopySide::commit`] or the end of this connection.
    pub fn lock(&self) -> Result<()> {
        self.batch("begin immediate")
    }

    pub fn commit(&self) -> Result<()> {
        self.batch("commit")
    }

    pub fn batch(&self, sql: &str) -> Result<()> {
        self.with(|connection| connection.execute_batch(sql))
    }

    /// The tables as the schema has them.
    pub fn tables(&self) -> Result<Vec<Table>> {
        self.with(|connection| {
            let mut tables = connection.prepare(TABLES)?;
            let tables = tables.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))?;
            tables
                .map(|table| {
                    let (name, counts) = table?;
                    describe(connection, name, counts)
                })
                .collect()
        })
    }

    /// The rows after a key.
    pub fn page(&self, table: &Table, after: &Key, limit: u64) -> Result<Page> {
        let key = after.cells()?;
        let mut page = Page::default();
        self.with(|connection| {
            let names = |columns: &mut dyn Iterator<Item = &Column>| {
                columns
                    .map(|column| quoted(&column.name))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let columns = names(&mut table.columns.iter());
            let keys = names(&mut table.key.iter().map(|at| &table.columns[*at]));
            let from = if after.is_start() {
                String::new()
            } else {
                let places: Vec<_> = (1..=key.len()).map(|at| format!("?{at}")).collect();
                format!("where ({keys}) > ({})", places.join(", "))
            };
            let sql = page_of(table, &columns, &from, &keys, limit);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(key.iter().map(value)))?;
            while let Some(row) = rows.next()? {
                page.begin_row();
                for at in 0..table.columns.len() {
                    let cell = match row.get_ref(at)? {
                        ValueRef::Null => Cell::Null,
                        ValueRef::Integer(number) => Cell::Int(number),
                        ValueRef::Text(text) => Cell::Text(text),
                        ValueRef::Blob(bytes) => Cell::Bytes(bytes),
                        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
                    };
                    page.put(cell).map_err(|_| rusqlite::Error::InvalidQuery)?;
                }
                if page.bytes.len() > LONGEST_PAGE {
                    break;
                }
            }
            Ok(())
        })?;
        Ok(page)
    }

    /// Adds rows, in one transaction.
    pub fn put(&self, table: &Table, page: &Page) -> Result<()> {
        let values = cells(&page.bytes).collect::<Result<Vec<_>>>()?;
        let places: Vec<_> = (1..=table.columns.len()).map(|at| format!("?{at}")).collect();
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
        let into = format!(
            "into {} ({}) values ({})",
            quoted(&table.name),
            columns.join(", "),
            places.join(", ")
        );
        let sql = ["insert", &into].join(" ");
        self.with(|connection| {
            // Dropped before its end, it is rolled back.
            let transaction = connection.unchecked_transaction()?;
            {
                let mut statement = transaction.prepare_cached(&sql)?;
                for row in values.chunks(table.columns.len()) {
                    statement.execute(params_from_iter(row.iter().map(value)))?;
                }
            }
            transaction.commit()
        })
    }

    /// Takes every row out of the tables, which come children first.
    pub fn empty(&self, tables: &[String]) -> Result<()> {
        self.with(|connection| {
            let transaction = connection.unchecked_transaction()?;
            for table in tables {
                transaction.execute(&["delete from", &quoted(table)].join(" "), [])?;
            }
            transaction.commit()
        })
    }

    /// The last number that a table has given out.
    pub fn counter(&self, table: &Table) -> Result<i64> {
        self.with(|connection| {
            let mut statement = connection.prepare("select seq from sqlite_sequence where name = ?1")?;
            let mut rows = statement.query([&table.name])?;
            Ok(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or(0))
        })
    }

    pub fn set_counter(&self, table: &Table, last: i64) -> Result<()> {
        self.with(|connection| {
            connection.execute("delete from sqlite_sequence where name = ?1", [&table.name])?;
            connection.execute(
                "insert into sqlite_sequence (name, seq) values (?1, ?2)",
                rusqlite::params![table.name, last],
            )?;
            Ok(())
        })
    }

    /// The mark of a copy: role, place and fingerprint.
    pub fn mark(&self) -> Result<Option<(String, String, Vec<u8>)>> {
        self.with(|connection| {
            let mut statement = connection.prepare("select role, place, fingerprint from copies")?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(Some((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
    }

    pub fn set_mark(&self, role: &str, place: &str, fingerprint: &[u8], now: jiff::Timestamp) -> Result<()> {
        self.with(|connection| {
            connection.execute(
                "insert into copies (one, role, place, fingerprint, created_at) values (1, ?1, ?2, ?3, ?4)",
                rusqlite::params![role, place, fingerprint, now.as_microsecond()],
            )?;
            Ok(())
        })
    }
}

/// The statements that refuse every later write.
pub fn fence(table: &str, message: &str) -> String {
    let name = |what: &str| quoted(&format!("moved_{table}_{what}"));
    let (on, message) = (quoted(table), message.replace('\'', "''"));
    ["insert", "update", "delete"]
        .map(|what| {
            format!(
                "create trigger {} before {what} on {on} begin select raise(abort, '{message}'); end;",
                name(what)
            )
        })
        .concat()
}

/// The statements that take it away again.
pub fn unfence(table: &str) -> String {
    let drop = |what: &str| format!("drop trigger if exists {};", quoted(&format!("moved_{table}_{what}")));
    ["insert", "update", "delete"].map(drop).concat()
}

fn describe(connection: &Connection, name: String, counts: bool) -> rusqlite::Result<Table> {
    let mut columns = connection.prepare_cached(COLUMNS)?;
    let columns = columns.query_map([&name], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, i64>(2)?,
        ))
    })?;
    let columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut key: Vec<_> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.2 > 0)
        .map(|(at, column)| (column.2, at))
        .collect();
    key.sort_unstable();
    let mut parents = connection.prepare_cached(PARENTS)?;
    let parents = parents.query_map([&name], |row| row.get(0))?;
    let parents = parents.collect::<rusqlite::Result<_>>()?;
    let kind = |kind: &str| match kind {
        "integer" => Kind::Int8,
        "text" => Kind::Text,
        _ => Kind::Bytes,
    };
    let columns = columns.iter().map(|(name, declared, _)| Column {
        name: name.clone(),
        kind: kind(declared),
    });
    Ok(Table {
        name,
        columns: columns.collect(),
        key: key.into_iter().map(|(_, at)| at).collect(),
        parents,
        counts,
    })
}

fn value<'a>(cell: &Cell<'a>) -> Borrowed<'a> {
    Borrowed(*cell)
}

/// A cell as SQLite binds it.
struct Borrowed<'a>(Cell<'a>);

impl rusqlite::ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Int(number) => ValueRef::Integer(number),
            Cell::Text(text) => ValueRef::Text(text),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
