//! Reading Solana's wire format, where lengths are in "compact-u16".

/// Reads from the front of bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, ParseError> {
        let (byte, rest) = self.0.split_first().ok_or(ParseError::Short)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], ParseError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(ParseError::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ParseError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(ParseError::Short)?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// A length: seven bits a byte, the low ones first, at most 16 bits, in its shortest form.
    pub(super) fn length(&mut self) -> Result<usize, ParseError> {
        let mut value = 0_usize;
        for i in 0..3 {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                let shortest = i == 0 || byte != 0;
                return if shortest && u16::try_from(value).is_ok() {
                    Ok(value)
                } else {
                    Err(ParseError::Length)
                };
            }
        }
        Err(ParseError::Length)
    }

    /// A length and as many items.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let len = self.length()?;
        // No room is set aside for a length that the bytes only claim.
        let mut out = Vec::new();
        for _ in 0..len {
            out.push(item(self)?);
        }
        Ok(out)
    }

    pub(super) const fn end(&self) -> Result<(), ParseError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ParseError::Trailing)
        }
    }
}

/// Appends a length as [`Reader::length`] reads it.
pub(super) fn push_length(out: &mut Vec<u8>, len: u16) {
    let mut left = len;
    loop {
        let low = (left & 0x7f).to_le_bytes()[0];
        left >>= 7;
        if left == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Why bytes are no Solana message or transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// They end too early.
    #[error("the Solana transaction is cut off: check its encoding")]
    Short,
    /// They go on after the end.
    #[error("the Solana transaction has bytes after its end: check its encoding")]
    Trailing,
    /// More than the network relays.
    #[error("the Solana transaction is longer than 1232 bytes: the network would not take it")]
    TooLong,
    /// A length that is not in its shortest form.
    #[error("the Solana transaction has a length in a wrong form: check its encoding")]
    Length,
    /// A version other than 0.
    #[error("the Solana transaction has the unknown version {0}: use version 0 or a legacy one")]
    Version(u8),
    /// The numbers of accounts and signers do not fit each other, or an account comes twice.
    #[error("the accounts of the Solana transaction do not fit its header: check how it was made")]
    Accounts,
    /// An instruction names an account that is not there.
    #[error("instruction {0} of the Solana transaction names an account that is not there")]
    Instruction(usize),
    /// Not one signature place for each signer.
    #[error("the Solana transaction has {found} signatures and needs {expected}: leave zeros for those to come")]
    Signatures {
        /// The places it has.
        found: usize,
        /// The signers it names.
        expected: usize,
    },
}
