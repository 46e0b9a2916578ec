//! Messages: the part of a transaction that is signed.

use std::collections::BTreeSet;

use super::{
    Address, ParseError,
    reader::{Reader, push_length},
};

/// What fits one packet of the network, signatures and all.
pub(super) const MOST_BYTES: usize = 1232;
const VERSIONED: u8 = 0x80;

/// A message as it is on the wire, legacy or version 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Version 0; only this has `lookups`.
    pub versioned: bool,
    /// How many of the first `keys` have to sign. The first one pays.
    pub signers: u8,
    /// How many of the signers are only read.
    pub readonly_signers: u8,
    /// How many of the other keys are only read.
    pub readonly_others: u8,
    /// The accounts in the message itself.
    pub keys: Vec<Address>,
    /// A recent block: the transaction dies with it, after about a minute.
    pub blockhash: [u8; 32],
    /// What to do.
    pub instructions: Vec<CompiledInstruction>,
    /// Accounts from tables on the chain. What they are the message does not say.
    pub lookups: Vec<Lookup>,
}

/// An instruction with the places of its accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledInstruction {
    /// The place of the program among the keys.
    pub program: u8,
    /// The places of its accounts: first the keys, then the writable of all lookups, then the others.
    pub accounts: Vec<u8>,
    /// For the program.
    pub data: Vec<u8>,
}

/// Accounts from one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The table.
    pub table: Address,
    /// Places in it that may be written.
    pub writable: Vec<u8>,
    /// Places in it that are read.
    pub readonly: Vec<u8>,
}

impl Message {
    /// Reads a message and nothing after it.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MOST_BYTES {
            return Err(ParseError::TooLong);
        }
        let mut reader = Reader(bytes);
        let message = Self::read(&mut reader)?;
        reader.end()?;
        message.check()?;
        Ok(message)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let first = reader.byte()?;
        let versioned = first & VERSIONED != 0;
        if versioned && first != VERSIONED {
            return Err(ParseError::Version(first & !VERSIONED));
        }
        Ok(Self {
            versioned,
            signers: if versioned { reader.byte()? } else { first },
            readonly_signers: reader.byte()?,
            readonly_others: reader.byte()?,
            keys: reader.list(|reader| reader.array().map(Address))?,
            blockhash: reader.array()?,
            instructions: reader.list(|reader| {
                Ok(CompiledInstruction {
                    program: reader.byte()?,
                    accounts: bytes(reader)?,
                    data: bytes(reader)?,
                })
            })?,
            lookups: if versioned {
                reader.list(|reader| {
                    Ok(Lookup {
                        table: reader.array().map(Address)?,
                        writable: bytes(reader)?,
                        readonly: bytes(reader)?,
                    })
                })?
            } else {
                Vec::new()
            },
        })
    }

    /// What the network checks before it runs anything.
    pub(super) fn check(&self) -> Result<(), ParseError> {
        let (keys, signers) = (self.keys.len(), usize::from(self.signers));
        let looked_up: usize = self
            .lookups
            .iter()
            .map(|lookup| lookup.writable.len() + lookup.readonly.len())
            .sum();
        let unique: BTreeSet<&Address> = self.keys.iter().collect();
        let fits = signers > 0
            && self.readonly_signers < self.signers
            && signers + usize::from(self.readonly_others) <= keys
            && keys + looked_up <= 256
            && unique.len() == keys
            && self
                .lookups
                .iter()
                .all(|lookup| !lookup.writable.is_empty() || !lookup.readonly.is_empty());
        if !fits {
            return Err(ParseError::Accounts);
        }
        for (i, instruction) in self.instructions.iter().enumerate() {
            // The payer is no program, and a program comes from the message itself.
            let program = usize::from(instruction.program);
            let known = |place: &u8| usize::from(*place) < keys + looked_up;
            if program == 0 || program >= keys || !instruction.accounts.iter().all(known) {
                return Err(ParseError::Instruction(i));
            }
        }
        Ok(())
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MOST_BYTES);
        if self.versioned {
            out.push(VERSIONED);
        }
        out.extend_from_slice(&[self.signers, self.readonly_signers, self.readonly_others]);
        push_count(&mut out, self.keys.len());
        for key in &self.keys {
            out.extend_from_slice(&key.0);
        }
        out.extend_from_slice(&self.blockhash);
        push_count(&mut out, self.instructions.len());
        for instruction in &self.instructions {
            out.push(instruction.program);
            push_bytes(&mut out, &instruction.accounts);
            push_bytes(&mut out, &instruction.data);
        }
        if self.versioned {
            push_count(&mut out, self.lookups.len());
            for lookup in &self.lookups {
                out.extend_from_slice(&lookup.table.0);
                push_bytes(&mut out, &lookup.writable);
                push_bytes(&mut out, &lookup.readonly);
            }
        }
        out
    }

    /// The accounts that have to sign, the payer first.
    #[must_use]
    pub fn signer_keys(&self) -> &[Address] {
        &self.keys[..usize::from(self.signers).min(self.keys.len())]
    }

    /// The account at a place of an instruction; `None` if it is in a table.
    pub(super) fn key(&self, place: u8) -> Option<Address> {
        self.keys.get(usize::from(place)).copied()
    }
}

fn bytes(reader: &mut Reader<'_>) -> Result<Vec<u8>, ParseError> {
    let len = reader.length()?;
    Ok(reader.bytes(len)?.to_vec())
}

/// A list longer than a packet cannot be sent; it is cut to a length that does not parse.
fn push_count(out: &mut Vec<u8>, len: usize) {
    push_length(out, u16::try_from(len).unwrap_or(u16::MAX));
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_count(out, bytes.len());
    out.extend_from_slice(bytes);
}
