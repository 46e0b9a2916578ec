//! Ethereum and the chains like it.
//!
//! What is signed is first read into a type of this module ([`Transaction`], [`TypedData`],
//! [`Authorization`]), on which a policy can decide; a [`Key`] signs nothing else but messages and,
//! by a call of its own, a bare hash.

mod access_list;
mod address;
mod authorization;
mod error;
mod json;
mod key;
mod method;
mod rlp;
mod signature;
mod summary;
mod transaction;
mod typed_data;
mod typed_value;
mod types;

#[cfg(test)]
mod tests;

pub use access_list::AccessListItem;
pub use address::{AddressError, parse_address};
pub use alloy_primitives::{Address, B256, U256};
pub use authorization::{Authorization, SignedAuthorization};
pub use error::TransactionError;
pub use key::{Key, SignedTransaction};
pub use method::selector;
pub use signature::Signature;
pub use summary::Summary;
pub use transaction::{Fees, Transaction};
pub use typed_data::{Domain, TypedData, TypedDataError};

pub(super) use address::address_of;
