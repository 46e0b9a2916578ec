//! The place a sealed value belongs to.

use crate::hash::length_prefixed;

/// Names the one place where a sealed value may be opened.
///
/// It is authenticated with the value and not stored in it: a value that somebody copies to
/// another row, column, table or environment does not open there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aad<'a> {
    /// The table's name, as in the migration.
    pub table: &'a str,
    /// The column's name.
    pub column: &'a str,
    /// The environment's id; all zeros for a table that belongs to none.
    pub environment: [u8; 16],
    /// The row's id.
    pub row: [u8; 16],
}

impl Aad<'_> {
    /// The bytes that are authenticated, also good as the `aad` of [`Kms::wrap`](crate::Kms::wrap)
    /// for a data key that lives in a row: a version label and the four fields, each behind its
    /// length (8 bytes, big-endian).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        length_prefixed(&[
            b"aboard-row-1",
            self.table.as_bytes(),
            self.column.as_bytes(),
            &self.environment,
            &self.row,
        ])
    }
}
