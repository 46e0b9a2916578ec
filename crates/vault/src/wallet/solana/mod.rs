//! Solana: messages, transactions, and the instructions that move money.
//!
//! The formats are those of Solana's documentation ("Transactions", "Versioned transactions") and of
//! the programs' sources; amounts are in lamports or in the smallest unit of a token.

mod address;
mod compile;
mod instruction;
mod key;
mod message;
mod program;
mod reader;
mod signature;
mod state;
mod summary;
mod symbol;
mod transaction;

#[cfg(test)]
mod tests;

pub use address::{Address, SolanaAddressError};
pub use compile::CompileError;
pub use instruction::{AccountMeta, Instruction, Priority};
pub use key::{Key, MessageError, SignError};
pub use message::{CompiledInstruction, Lookup, Message};
pub use program::{TokenTransfer, associated_token_address, transfer};
pub use reader::ParseError;
pub use signature::Signature;
pub use state::{Mint, StateError, TokenAccount};
pub use summary::{Effect, Summary};
pub use symbol::{metadata_address, symbol_in_metadata, symbol_in_mint};
pub use transaction::Transaction;
