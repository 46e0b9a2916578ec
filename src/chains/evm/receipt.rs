//! What became of a transaction.

use aboard_vault::wallet::evm::{Address, B256, U256};
use serde_json::Value;

use super::wire;

/// The logs that are kept of a receipt; there may be more.
pub const MOST_LOGS: usize = 100;
/// What is kept of a log's data; there may be more.
const LONGEST_DATA: usize = 4 << 10;

/// A transaction in a block, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub hash: B256,
    /// Its block.
    pub block_hash: B256,
    /// The number of its block.
    pub block_number: u64,
    /// Its place there.
    pub index: u64,
    /// Whether it did what it was to do; a failed one costs its gas all the same. `None` on chains before Byzantium.
    pub succeeded: Option<bool>,
    /// Who sent it.
    pub from: Address,
    /// Whom it called; `None` for one that made a contract.
    pub to: Option<Address>,
    /// The contract that it made.
    pub contract_address: Option<Address>,
    /// What it used.
    pub gas_used: u64,
    /// What it and those before it in the block used.
    pub cumulative_gas_used: u64,
    /// What a unit cost, in wei. Some nodes do not say.
    pub gas_price: Option<u128>,
    /// The filter over its logs.
    pub logs_bloom: Vec<u8>,
    /// What contracts wrote, at most [`MOST_LOGS`].
    pub logs: Vec<Log>,
    /// How many there are in all.
    pub log_count: usize,
}

/// What a contract wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// At most four.
    pub topics: Vec<B256>,
    /// At most 4 KiB of it.
    pub data: Vec<u8>,
    /// Its place in the block.
    pub index: u64,
}

impl Receipt {
    /// `None` for what is no receipt of this transaction.
    pub(super) fn read(value: &Value, hash: B256) -> Option<Self> {
        if wire::hash(value.get("transactionHash")?)? != hash {
            return None;
        }
        let logs = value.get("logs")?.as_array()?;
        let succeeded = match wire::nullable(value.get("status"), wire::small)? {
            Some(0) => Some(false),
            Some(1) => Some(true),
            Some(_) => return None,
            None => None,
        };
        let price = wire::nullable(value.get("effectiveGasPrice"), wire::price)?;
        Some(Self {
            hash,
            block_hash: wire::hash(value.get("blockHash")?)?,
            block_number: wire::small(value.get("blockNumber")?)?,
            index: wire::small(value.get("transactionIndex")?)?,
            succeeded,
            from: wire::address(value.get("from")?)?,
            to: wire::nullable(value.get("to"), wire::address)?,
            contract_address: wire::nullable(value.get("contractAddress"), wire::address)?,
            gas_used: wire::small(value.get("gasUsed")?)?,
            cumulative_gas_used: wire::small(value.get("cumulativeGasUsed")?)?,
            gas_price: match price {
                Some(price) => Some(price),
                None => wire::nullable(value.get("gasPrice"), wire::price)?,
            },
            logs_bloom: wire::nullable(value.get("logsBloom"), |bloom| wire::bytes(bloom, 256))?.unwrap_or_default(),
            logs: logs.iter().take(MOST_LOGS).map(Log::read).collect::<Option<_>>()?,
            log_count: logs.len(),
        })
    }

    /// The blocks above its own, and it, when this is the newest block's number.
    #[must_use]
    pub const fn confirmations(&self, newest: u64) -> u64 {
        match newest.checked_sub(self.block_number) {
            Some(above) => above.saturating_add(1),
            None => 0,
        }
    }
}

impl Log {
    fn read(value: &Value) -> Option<Self> {
        let topics = value.get("topics")?.as_array()?;
        if topics.len() > 4 {
            return None;
        }
        let mut data = wire::bytes(value.get("data")?, usize::MAX)?;
        data.truncate(LONGEST_DATA);
        Some(Self {
            address: wire::address(value.get("address")?)?,
            topics: topics.iter().map(wire::hash).collect::<Option<_>>()?,
            data,
            index: wire::small(value.get("logIndex")?)?,
        })
    }
}

/// A transaction that a node knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTransaction {
    /// Its id.
    pub hash: B256,
    /// The number of its block; `None` while it waits for one.
    pub block_number: Option<u64>,
    /// Who sent it.
    pub from: Address,
    /// Whom it calls; `None` for one that makes a contract.
    pub to: Option<Address>,
    /// The sender's count of transactions before it.
    pub nonce: u64,
    /// In wei.
    pub value: U256,
}

impl KnownTransaction {
    /// `None` for what is not this transaction.
    pub(super) fn read(value: &Value, hash: B256) -> Option<Self> {
        if wire::hash(value.get("hash")?)? != hash {
            return None;
        }
        Some(Self {
            hash,
            block_number: wire::nullable(value.get("blockNumber"), wire::small)?,
            from: wire::address(value.get("from")?)?,
            to: wire::nullable(value.get("to"), wire::address)?,
            nonce: wire::small(value.get("nonce")?)?,
            value: wire::quantity(value.get("value")?)?,
        })
    }
}
