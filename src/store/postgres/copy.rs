//! One side of a copy on PostgreSQL: a connection of its own, whose waits are not bounded.

mod binary;

use bytes::Bytes;
use deadpool_postgres::ClientWrapper as Client;
use futures_util::SinkExt as _;
use tokio_postgres::types::{ToSql, Type};

use self::binary::{Raw, Sent, kind, packed, received};

use super::connect::Connector;
use super::failure::{failed, refused};
use crate::store::copy::{Column, Key, Kind, Page, Table, page_of, quoted};
use crate::store::{Result, StoreError};

const SESSION: &str = "
    set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = '10s';
    set default_transaction_isolation = 'repeatable read'; set aboard.tx = '0'";
// `tx` of an event, and whatever points at one, is a transaction of this server, which means nothing on another.
const COLUMNS: &str = "
    select class.relname::text, attribute.attname::text, attribute.atttypid,
        coalesce(array_position(index.indkey::smallint[], attribute.attnum), -1)::bigint, attribute.attidentity <> ''
    from pg_class class
    join pg_attribute attribute on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
    join pg_index index on index.indrelid = class.oid and index.indisprimary
    where class.relnamespace = 'public'::regnamespace and class.relkind = 'r' and attribute.attname !~ '(^|_)tx$'
    order by class.relname collate \"C\", attribute.attnum";
const PARENTS: &str = "
    select child.relname::text, parent.relname::text from pg_constraint link
    join pg_class child on child.oid = link.conrelid join pg_class parent on parent.oid = link.confrelid
    where link.contype = 'f' and child.relnamespace = 'public'::regnamespace";
const COUNTER: &str = "
    select coalesce(last_value, 0) from pg_sequences where format('%I.%I', schemaname, sequencename) = $1";
const SET_COUNTER: &str = "select setval(cast(cast($1 as text) as regclass), cast($2 as bigint), $3)";
const OTHERS: &str = "
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name = current_setting('application_name')";

// Indexes that no constraint needs are built at the end, from rows that are all there: some times faster than row by
// row. What they were stands in a table until then, so that an attempt after a crash knows it.
const SET_INDEXES_ASIDE: &str = "
    do $$ declare one record; begin
        if to_regclass('copy_indexes') is null then
            create table copy_indexes (name text primary key, definition text not null);
            insert into copy_indexes select index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
                from pg_index index join pg_class class on class.oid = index.indrelid
                where class.relnamespace = 'public'::regnamespace and class.relname <> 'copy_indexes'
                    and not exists (select from pg_constraint held where held.conindid = index.indexrelid);
            for one in select name from copy_indexes loop execute 'drop index ' || one.name; end loop;
        end if;
    end $$";
const FINISH: &str = "
    begin;
    set local maintenance_work_mem = '256MB';
    do $$ declare one record; begin
        if to_regclass('copy_indexes') is not null then
            for one in select definition from copy_indexes loop execute one.definition; end loop;
            drop table copy_indexes;
        end if;
    end $$;
    analyze;
    delete from copies;
    commit";

/// A database that is copied from or to.
pub struct CopySide(Client);

impl CopySide {
    pub async fn open(url: &str) -> Result<Self> {
        let client = Connector::new(url)?.connected().await.map_err(refused)?.client;
        client.batch_execute(SESSION).await.map_err(failed)?;
        Ok(Self(client))
    }

    /// Other connections of this program to the database.
    pub async fn others(&self) -> Result<i64> {
        self.0
            .query_one(OTHERS, &[])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(failed)
    }

    /// Keeps everybody else from writing until [`CopySide::commit`] or the end of this connection.
    pub async fn lock(&self, tables: &[Table]) -> Result<()> {
        let names: Vec<_> = tables.iter().map(|table| quoted(&table.name)).collect();
        self.batch(&format!("begin; lock table {} in share mode", names.join(", ")))
            .await
    }

    pub async fn commit(&self) -> Result<()> {
        self.batch("commit").await
    }

    pub async fn batch(&self, sql: &str) -> Result<()> {
        self.0.batch_execute(sql).await.map_err(failed)
    }

    /// The tables as the schema has them.
    pub async fn tables(&self) -> Result<Vec<Table>> {
        let mut tables: Vec<(Table, Vec<(i64, usize)>)> = Vec::new();
        for row in self.0.query(COLUMNS, &[]).await.map_err(failed)? {
            let name: String = row.try_get(0).map_err(failed)?;
            let column: String = row.try_get(1).map_err(failed)?;
            let key: i64 = row.try_get(3).map_err(failed)?;
            if tables.last().is_none_or(|(last, _)| last.name != name) {
                let table = Table {
                    name: name.clone(),
                    columns: Vec::new(),
                    key: Vec::new(),
                    parents: Vec::new(),
                    counts: false,
                };
                tables.push((table, Vec::new()));
            }
            let Some((table, keys)) = tables.last_mut() else {
                continue;
            };
            if key >= 0 {
                keys.push((key, table.columns.len()));
            }
            table.counts |= row.try_get::<_, bool>(4).map_err(failed)?;
            let oid: u32 = row.try_get(2).map_err(failed)?;
            let kind = Type::from_oid(oid)
                .as_ref()
                .and_then(kind)
                .ok_or_else(|| StoreError::Fault(format!("{name}.{column} has a type that a copy does not know")))?;
            table.columns.push(Column { name: column, kind });
        }
        let links = self.0.query(PARENTS, &[]).await.map_err(failed)?;
        let described = tables.into_iter().map(|(mut table, mut keys)| {
            keys.sort_unstable();
            table.key = keys.into_iter().map(|(_, at)| at).collect();
            table.parents = links
                .iter()
                .filter(|link| link.get::<_, &str>(0) == table.name)
                .map(|link| link.get(1))
                .collect();
            table
        });
        Ok(described.collect())
    }

    /// The rows after a key.
    pub async fn page(&self, table: &Table, after: &Key, limit: u64) -> Result<Page> {
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
        let keys: Vec<_> = table.key.iter().map(|at| in_byte_order(&table.columns[*at])).collect();
        let (columns, keys) = (columns.join(", "), keys.join(", "));
        let after = after.cells()?;
        let from = if after.is_empty() {
            String::new()
        } else {
            let places: Vec<_> = (1..=after.len()).map(|at| format!("${at}")).collect();
            format!("where ({keys}) > ({})", places.join(", "))
        };
        let sql = page_of(table, &columns, &from, &keys, limit);
        let statement = self.0.prepare_cached(&sql).await.map_err(failed)?;
        let values: Vec<_> = after.iter().map(|cell| Sent(*cell)).collect();
        let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.0.query(&statement, &values).await.map_err(failed)?;
        let mut page = Page::default();
        for row in &rows {
            page.begin_row();
            for (at, column) in table.columns.iter().enumerate() {
                let raw: Raw<'_> = row.try_get(at).map_err(failed)?;
                let cell = received(column.kind, raw.0).ok_or_else(|| StoreError::unreadable(&column.name))?;
                page.put(cell)?;
            }
        }
        Ok(page)
    }

    /// Adds rows, in one transaction.
    pub async fn put(&self, table: &Table, page: &Page) -> Result<()> {
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
        let sql = format!(
            "copy {} ({}) from stdin with (format binary)",
            quoted(&table.name),
            columns.join(", ")
        );
        let data = packed(table, page)?;
        let sink = self.0.copy_in::<_, Bytes>(&sql).await.map_err(failed)?;
        let mut sink = std::pin::pin!(sink);
        sink.send(data).await.map_err(failed)?;
        let added = sink.finish().await.map_err(failed)?;
        if added == page.rows {
            Ok(())
        } else {
            Err(StoreError::Fault(format!(
                "{added} rows of {} were taken instead of {}",
                table.name, page.rows
            )))
        }
    }

    /// Takes every row out of the tables.
    pub async fn empty(&self, tables: &[String]) -> Result<()> {
        let names: Vec<_> = tables.iter().map(|table| quoted(table)).collect();
        self.batch(&format!("truncate {}", names.join(", "))).await
    }

    /// Takes away, for the time of the copy, the indexes that only speed reading up or check what the source has checked.
    pub async fn set_indexes_aside(&self) -> Result<()> {
        self.batch(SET_INDEXES_ASIDE).await
    }

    /// Builds the indexes and lets the database go, at once or not at all.
    pub async fn finish(&self) -> Result<()> {
        self.batch(FINISH).await
    }

    /// The last number that a table has given out.
    pub async fn counter(&self, table: &Table) -> Result<i64> {
        let sequence = self.sequence(table).await?;
        let row = self.0.query_one(COUNTER, &[&sequence]).await.map_err(failed)?;
        row.try_get(0).map_err(failed)
    }

    pub async fn set_counter(&self, table: &Table, last: i64) -> Result<()> {
        let sequence = self.sequence(table).await?;
        let (value, called) = if last < 1 { (1, false) } else { (last, true) };
        let set = self.0.execute(SET_COUNTER, &[&sequence, &value, &called]).await;
        set.map(drop).map_err(failed)
    }

    async fn sequence(&self, table: &Table) -> Result<String> {
        let column = table.key.first().map_or("", |at| table.columns[*at].name.as_str());
        let sql = "select pg_get_serial_sequence($1, $2)";
        let row = self
            .0
            .query_one(sql, &[&quoted(&table.name), &column])
            .await
            .map_err(failed)?;
        row.try_get(0).map_err(failed)
    }

    /// The mark of a copy: role, place and fingerprint.
    pub async fn mark(&self) -> Result<Option<(String, String, Vec<u8>)>> {
        let rows = self.0.query("select role, place, fingerprint from copies", &[]).await;
        let rows = rows.map_err(failed)?;
        Ok(rows.first().map(|row| (row.get(0), row.get(1), row.get(2))))
    }

    pub async fn set_mark(&self, role: &str, place: &str, fingerprint: &[u8], now: jiff::Timestamp) -> Result<()> {
        let sql = "insert into copies (one, role, place, fingerprint, created_at) values (1, $1, $2, $3, $4)";
        let values: [&(dyn ToSql + Sync); 4] = [&role, &place, &fingerprint, &now];
        self.0.execute(sql, &values).await.map_err(failed)?;
        Ok(())
    }
}

/// The function that refuses, and who calls it: see [`fence`].
pub fn fence_function(message: &str) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let body = format!("begin raise exception using message = {}; end", literal(message));
    format!(
        "create function moved() returns trigger language plpgsql as {};",
        literal(&body)
    )
}

/// The statement that refuses every later write.
pub fn fence(table: &str) -> String {
    format!(
        "create trigger moved before insert or update or delete or truncate on {} for each statement execute function moved();",
        quoted(table)
    )
}

/// The statement that takes it away again.
pub fn unfence(table: &str) -> String {
    format!("drop trigger if exists moved on {};", quoted(table))
}

/// A column to order by: texts as SQLite orders them.
fn in_byte_order(column: &Column) -> String {
    let name = quoted(&column.name);
    if column.kind == Kind::Text {
        format!("{name} collate \"C\"")
    } else {
        name
    }
}
