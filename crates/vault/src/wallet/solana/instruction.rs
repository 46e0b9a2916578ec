//! Instructions before they are put into a message.

use super::Address;

/// What a program is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Who does it.
    pub program: Address,
    /// On which accounts, in the program's order.
    pub accounts: Vec<AccountMeta>,
    /// What, in the program's own encoding.
    pub data: Vec<u8>,
}

/// An account of an [`Instruction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountMeta {
    /// Which one.
    pub key: Address,
    /// Whether it has to sign.
    pub signer: bool,
    /// Whether it may change.
    pub writable: bool,
}

impl AccountMeta {
    pub(super) const fn new(key: Address, signer: bool, writable: bool) -> Self {
        Self { key, signer, writable }
    }
}

/// What is paid to be taken earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// Millionths of a lamport for one unit of computing.
    pub price: u64,
    /// The most units the transaction may use.
    pub units: u32,
}
