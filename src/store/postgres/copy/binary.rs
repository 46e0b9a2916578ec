//! Values in PostgreSQL's binary form: as a query answers them, and as COPY takes them.

use std::error::Error;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::copy::{Cell, Kind, Page, Table, cells};
use crate::store::{Result, StoreError};

/// Microseconds from 1970, where ours begin, to 2000, where PostgreSQL's begin.
const EPOCH: i64 = 946_684_800_000_000;
/// What a binary COPY begins and ends with (PostgreSQL's documentation of COPY, "Binary Format").
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

pub fn kind(of: &Type) -> Option<Kind> {
    Some(match *of {
        Type::INT2 => Kind::Int2,
        Type::INT4 => Kind::Int4,
        Type::INT8 => Kind::Int8,
        Type::BOOL => Kind::Bool,
        Type::TIMESTAMPTZ => Kind::Time,
        Type::UUID => Kind::Id,
        Type::TEXT => Kind::Text,
        Type::BYTEA => Kind::Bytes,
        _ => return None,
    })
}

/// A value as it is on the wire.
pub struct Raw<'a>(pub Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub fn received(kind: Kind, raw: Option<&[u8]>) -> Option<Cell<'_>> {
    let Some(raw) = raw else { return Some(Cell::Null) };
    Some(match kind {
        Kind::Int2 => Cell::Int(i16::from_be_bytes(raw.try_into().ok()?).into()),
        Kind::Int4 => Cell::Int(i32::from_be_bytes(raw.try_into().ok()?).into()),
        Kind::Int8 => Cell::Int(i64::from_be_bytes(raw.try_into().ok()?)),
        Kind::Time => Cell::Int(i64::from_be_bytes(raw.try_into().ok()?).checked_add(EPOCH)?),
        Kind::Bool => Cell::Int((*raw.first()?).into()),
        Kind::Text => Cell::Text(raw),
        Kind::Id | Kind::Bytes => Cell::Bytes(raw),
    })
}

/// The page as COPY takes it.
pub fn packed(table: &Table, page: &Page) -> Result<Bytes> {
    let width = i16::try_from(table.columns.len()).map_err(|_| StoreError::unreadable("width"))?;
    let mut out = BytesMut::with_capacity(page.bytes.len() * 5 / 4 + HEADER.len() + TRAILER.len());
    out.put_slice(HEADER);
    let mut columns = table.columns.iter();
    for cell in cells(&page.bytes) {
        let column = if let Some(column) = columns.next() {
            column
        } else {
            columns = table.columns.iter();
            columns.next().ok_or_else(|| StoreError::unreadable("columns"))?
        };
        if columns.len() + 1 == table.columns.len() {
            out.put_i16(width);
        }
        let wrong = || {
            StoreError::Fault(format!(
                "a value of {}.{} does not fit its type",
                table.name, column.name
            ))
        };
        sent(column.kind, cell?, &mut out).ok_or_else(wrong)?;
    }
    out.put_slice(&TRAILER);
    Ok(out.freeze())
}

/// One value of a row, with its length before it.
fn sent(kind: Kind, cell: Cell<'_>, out: &mut BytesMut) -> Option<()> {
    if cell == Cell::Null {
        out.put_i32(-1);
        return Some(());
    }
    let at = out.len();
    out.put_i32(0);
    binary(kind, cell, out)?;
    let length = i32::try_from(out.len() - at - 4).ok()?;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Some(())
}

/// A value in the binary form of its type.
fn binary(kind: Kind, cell: Cell<'_>, out: &mut BytesMut) -> Option<()> {
    match (kind, cell) {
        (Kind::Int2, Cell::Int(number)) => out.put_i16(number.try_into().ok()?),
        (Kind::Int4, Cell::Int(number)) => out.put_i32(number.try_into().ok()?),
        (Kind::Int8, Cell::Int(number)) => out.put_i64(number),
        (Kind::Time, Cell::Int(micros)) => out.put_i64(micros.checked_sub(EPOCH)?),
        (Kind::Bool, Cell::Int(truth @ (0 | 1))) => out.put_u8(u8::try_from(truth).ok()?),
        (Kind::Text, Cell::Text(text)) => out.put_slice(text),
        (Kind::Bytes, Cell::Bytes(bytes)) => out.put_slice(bytes),
        (Kind::Id, Cell::Bytes(bytes)) if bytes.len() == 16 => out.put_slice(bytes),
        _ => return None,
    }
    Some(())
}

/// A cell of a key as a parameter.
#[derive(Debug)]
pub struct Sent<'a>(pub Cell<'a>);

impl ToSql for Sent<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        let kind = kind(of).ok_or("a key of another type")?;
        binary(kind, self.0, out).ok_or("a key that does not fit its type")?;
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
