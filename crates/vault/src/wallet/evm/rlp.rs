//! RLP lists, read field by field so that an error names the field.

use alloy_primitives::Address;
use alloy_rlp::{Decodable, Encodable, Header};

use super::{Signature, TransactionError};

/// Reads the fields of one list, in order.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of the list that `bytes` is, and nothing after it.
    pub(super) fn of(mut bytes: &'a [u8], name: &'static str) -> Result<Self, TransactionError> {
        let fields = Self::next_of(&mut bytes, name)?;
        if bytes.is_empty() {
            Ok(fields)
        } else {
            Err(TransactionError::Trailing)
        }
    }

    /// The fields of the list that is the next field.
    pub(super) fn list(&mut self, name: &'static str) -> Result<Self, TransactionError> {
        Self::next_of(&mut self.0, name)
    }

    fn next_of(bytes: &mut &'a [u8], name: &'static str) -> Result<Self, TransactionError> {
        Header::decode_bytes(bytes, true)
            .map(Self)
            .map_err(|_| TransactionError::Field(name))
    }

    /// A field of a type that has one size or one canonical form.
    pub(super) fn take<T: Decodable>(&mut self, name: &'static str) -> Result<T, TransactionError> {
        T::decode(&mut self.0).map_err(|_| TransactionError::Field(name))
    }

    /// A field of any bytes.
    pub(super) fn bytes(&mut self, name: &'static str) -> Result<&'a [u8], TransactionError> {
        Header::decode_bytes(&mut self.0, false).map_err(|_| TransactionError::Field(name))
    }

    /// An address, or nothing.
    pub(super) fn recipient(&mut self, name: &'static str) -> Result<Option<Address>, TransactionError> {
        match self.bytes(name)? {
            [] => Ok(None),
            bytes if bytes.len() == 20 => Ok(Some(Address::from_slice(bytes))),
            _ => Err(TransactionError::Field(name)),
        }
    }

    /// The three last fields of a typed transaction and of an authorization.
    pub(super) fn signature(&mut self) -> Result<Signature, TransactionError> {
        let y_parity = match self.take::<u8>("yParity")? {
            0 => false,
            1 => true,
            _ => return Err(TransactionError::Field("yParity")),
        };
        Ok(Signature {
            y_parity,
            r: self.take("r")?,
            s: self.take("s")?,
        })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That no field is left.
    pub(super) fn end(&self) -> Result<(), TransactionError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(TransactionError::Trailing)
        }
    }
}

/// Writes the fields of one list.
#[derive(Default)]
pub(super) struct List(Vec<u8>);

impl List {
    #[must_use]
    pub(super) fn put(mut self, field: &dyn Encodable) -> Self {
        field.encode(&mut self.0);
        self
    }

    /// Any bytes.
    #[must_use]
    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        self.put(&bytes)
    }

    /// An address, or nothing.
    #[must_use]
    pub(super) fn recipient(self, to: Option<Address>) -> Self {
        match to {
            Some(to) => self.put(&to),
            None => self.bytes(&[]),
        }
    }

    /// A list that is already whole.
    #[must_use]
    pub(super) fn list(mut self, list: &[u8]) -> Self {
        self.0.extend_from_slice(list);
        self
    }

    #[must_use]
    pub(super) fn signature(self, signature: Option<&Signature>) -> Self {
        match signature {
            Some(Signature { r, s, y_parity }) => self.put(y_parity).put(r).put(s),
            None => self,
        }
    }

    /// The list behind its header, and `prefix` before both.
    pub(super) fn finish(self, prefix: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(prefix.len() + 9 + self.0.len());
        out.extend_from_slice(prefix);
        Header {
            list: true,
            payload_length: self.0.len(),
        }
        .encode(&mut out);
        out.extend_from_slice(&self.0);
        out
    }
}
