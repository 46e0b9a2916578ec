//! What the tables are, as the schema of either engine says it.

use std::collections::HashSet;
use std::sync::Arc;

use super::NOT_COPIED;
use crate::store::{Result, StoreError};

/// A table as its engine describes it.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// The columns of the primary key, in its order.
    pub key: Vec<usize>,
    /// Tables whose rows this one's rows point at.
    pub parents: Vec<String>,
    /// Whether it numbers its rows by itself.
    pub counts: bool,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// The type of a column. SQLite has `Int8`, `Text` and `Bytes` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int2,
    Int4,
    Int8,
    Bool,
    Time,
    Id,
    Text,
    Bytes,
}

/// A name as it is written in SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text that reads a page, in pieces: it is made from the schema.
pub fn page_of(table: &Table, columns: &str, from: &str, keys: &str, limit: u64) -> String {
    let name = quoted(&table.name);
    let order = format!("order by {keys} limit {limit}");
    ["select", columns, "from", &name, from, &order].join(" ")
}

/// The tables to copy, each after those it points at.
pub fn in_order(tables: Vec<Table>) -> Result<Vec<Table>> {
    let mut waiting: Vec<_> = tables
        .into_iter()
        .filter(|table| !NOT_COPIED.contains(&table.name.as_str()))
        .collect();
    let (mut ordered, mut known) = (Vec::new(), HashSet::new());
    while !waiting.is_empty() {
        let ready = |table: &Table| {
            let mut parents = table.parents.iter();
            parents.all(|parent| *parent == table.name || known.contains(parent))
        };
        let (ready, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(ready);
        if ready.is_empty() {
            return Err(StoreError::Fault("tables point at each other in a circle".to_owned()));
        }
        known.extend(ready.iter().map(|table| table.name.clone()));
        ordered.extend(ready);
        waiting = others;
    }
    if let Some(table) = ordered.iter().find(|table| table.key.is_empty()) {
        return Err(StoreError::Fault(format!("{} has no primary key", table.name)));
    }
    Ok(ordered)
}

/// A table here and there.
pub type Pair = (Arc<Table>, Arc<Table>);

/// Each table with the target's own, whose columns stand in the same order.
pub fn paired(tables: Vec<Table>, mut others: Vec<Table>) -> Result<Vec<Pair>> {
    others.retain(|table| !NOT_COPIED.contains(&table.name.as_str()));
    let differs = |name: &str| StoreError::Fault(format!("the two schemas differ in {name}"));
    if let Some(extra) = others
        .iter()
        .find(|other| tables.iter().all(|table| table.name != other.name))
    {
        return Err(differs(&extra.name));
    }
    let pairs = tables.into_iter().map(|table| {
        let other = others.iter().find(|other| other.name == table.name);
        let other = other.filter(|other| other.columns.len() == table.columns.len());
        let other = other.ok_or_else(|| differs(&table.name))?;
        let columns = table.columns.iter().map(|column| {
            let same = other.columns.iter().find(|known| known.name == column.name);
            same.cloned().ok_or_else(|| differs(&table.name))
        });
        let there = Table {
            columns: columns.collect::<Result<_>>()?,
            ..table.clone()
        };
        Ok((Arc::new(table), Arc::new(there)))
    });
    pairs.collect()
}
