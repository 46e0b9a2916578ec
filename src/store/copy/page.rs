//! Rows on their way from one store to another, in one form that both engines read and write: what is copied is
//! what is compared.

use aws_lc_rs::digest;

use super::Table;
use crate::store::{Result, StoreError};

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;

/// A value: ids are bytes, times microseconds since 1970, truth values 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

/// Rows in the order of their key.
#[derive(Default)]
pub struct Page {
    pub rows: u64,
    pub bytes: Vec<u8>,
    last_row: usize,
}

/// The key of a row; empty before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Page {
    /// Begins another row.
    pub fn begin_row(&mut self) {
        self.last_row = self.bytes.len();
        self.rows += 1;
    }

    /// Appends a value to the row.
    pub fn put(&mut self, cell: Cell<'_>) -> Result<()> {
        put(&mut self.bytes, cell)
    }

    /// The key of the last row.
    pub fn last_key(&self, table: &Table) -> Result<Key> {
        let row = cells(&self.bytes[self.last_row..]).collect::<Result<Vec<_>>>()?;
        let mut key = Key::default();
        for column in &table.key {
            let cell = row.get(*column).ok_or_else(|| StoreError::unreadable("key"))?;
            put(&mut key.0, *cell)?;
        }
        Ok(key)
    }
}

impl Key {
    /// Whether there was no row yet.
    pub fn is_start(&self) -> bool {
        self.0.is_empty()
    }

    /// Its values.
    pub fn cells(&self) -> Result<Vec<Cell<'_>>> {
        cells(&self.0).collect()
    }
}

fn put(bytes: &mut Vec<u8>, cell: Cell<'_>) -> Result<()> {
    match cell {
        Cell::Null => bytes.push(NULL),
        Cell::Int(number) => {
            bytes.push(INT);
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        Cell::Text(text) => put_long(bytes, TEXT, text)?,
        Cell::Bytes(value) => put_long(bytes, BYTES, value)?,
    }
    Ok(())
}

fn put_long(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) -> Result<()> {
    let length = u32::try_from(value.len()).map_err(|_| StoreError::unreadable("length"))?;
    bytes.push(tag);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
    Ok(())
}

/// The values that were put, in turn.
pub fn cells(bytes: &[u8]) -> impl Iterator<Item = Result<Cell<'_>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (tag, after) = rest.split_first()?;
        let read = take(*tag, after);
        rest = read.as_ref().map_or(&[][..], |(_, rest)| *rest);
        Some(read.map(|(cell, _)| cell).ok_or_else(|| StoreError::unreadable("page")))
    })
}

fn take(tag: u8, from: &[u8]) -> Option<(Cell<'_>, &[u8])> {
    match tag {
        NULL => Some((Cell::Null, from)),
        INT => {
            let (number, rest) = from.split_first_chunk()?;
            Some((Cell::Int(i64::from_be_bytes(*number)), rest))
        }
        TEXT | BYTES => {
            let (length, rest) = from.split_first_chunk()?;
            let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            let cell = if tag == TEXT {
                Cell::Text(value)
            } else {
                Cell::Bytes(value)
            };
            Some((cell, rest))
        }
        _ => None,
    }
}

/// Count and SHA-256 of a table's rows in the order of their key.
#[derive(Clone)]
pub struct Sum {
    pub rows: u64,
    hash: digest::Context,
}

impl Sum {
    pub fn new() -> Self {
        Self {
            rows: 0,
            hash: digest::Context::new(&digest::SHA256),
        }
    }

    pub fn add(&mut self, page: &Page) {
        self.rows += page.rows;
        self.hash.update(&page.bytes);
    }

    /// The checksum, in hexadecimal.
    pub fn checksum(&self) -> String {
        let hash = self.hash.clone().finish();
        hash.as_ref().iter().fold(String::new(), |mut text, byte| {
            use std::fmt::Write as _;
            // A String takes everything.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Owned {
        Null,
        Int(i64),
        Text(String),
        Bytes(Vec<u8>),
    }

    fn any_cell() -> impl Strategy<Value = Owned> {
        prop_oneof![
            Just(Owned::Null),
            any::<i64>().prop_map(Owned::Int),
            "\\PC{0,8}".prop_map(Owned::Text),
            proptest::collection::vec(any::<u8>(), 0..8).prop_map(Owned::Bytes),
        ]
    }

    fn cell(owned: &Owned) -> Cell<'_> {
        match owned {
            Owned::Null => Cell::Null,
            Owned::Int(number) => Cell::Int(*number),
            Owned::Text(text) => Cell::Text(text.as_bytes()),
            Owned::Bytes(bytes) => Cell::Bytes(bytes),
        }
    }

    proptest! {
        #[test]
        fn what_is_put_is_read_back(row in proptest::collection::vec(any_cell(), 0..6)) {
            let mut page = Page::default();
            page.begin_row();
            for value in &row {
                page.put(cell(value)).unwrap();
            }
            let read: Vec<_> = cells(&page.bytes).map(Result::unwrap).collect();
            prop_assert_eq!(read, row.iter().map(cell).collect::<Vec<_>>());
        }

        #[test]
        fn bytes_of_any_kind_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for cell in cells(&bytes) {
                if cell.is_err() {
                    break;
                }
            }
        }
    }
}
