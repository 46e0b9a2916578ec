//! Access lists (EIP-2930).

use alloy_primitives::{Address, B256};

use super::{
    TransactionError,
    rlp::{Fields, List},
};

/// An address and the storage slots that a transaction says it will touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessListItem {
    /// The contract.
    pub address: Address,
    /// Its slots.
    pub storage_keys: Vec<B256>,
}

pub(super) fn decode(mut items: Fields<'_>) -> Result<Vec<AccessListItem>, TransactionError> {
    let mut out = Vec::new();
    while !items.is_empty() {
        let mut item = items.list("accessList")?;
        let address = item.take("accessList")?;
        let mut slots = item.list("accessList")?;
        item.end()?;
        let mut storage_keys = Vec::new();
        while !slots.is_empty() {
            storage_keys.push(slots.take("accessList")?);
        }
        out.push(AccessListItem { address, storage_keys });
    }
    Ok(out)
}

pub(super) fn encode(items: &[AccessListItem]) -> Vec<u8> {
    let mut out = List::default();
    for item in items {
        let mut slots = List::default();
        for slot in &item.storage_keys {
            slots = slots.put(slot);
        }
        let item = List::default().put(&item.address).list(&slots.finish(&[]));
        out = out.list(&item.finish(&[]));
    }
    out.finish(&[])
}
