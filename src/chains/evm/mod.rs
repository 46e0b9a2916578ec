//! Ethereum and the chains like it, through JSON-RPC.
//!
//! A node shows its chain id before its first answer counts. What changes nothing is asked of one node after the other until
//! one can be read; a transaction goes to all of them at once ([`Client::send_raw`]), because one that takes it and forgets
//! it would be as good as none.

pub mod abi;
mod fees;
mod receipt;
mod send;
mod token;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use aboard_vault::wallet::evm::{AccessListItem, Address, B256, SignedAuthorization, U256, parse_address};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use super::ChainFailure;
use super::endpoints::{Endpoints, Missed, Problem};
use super::rpc::Rpc;
use crate::config::Network;

pub use fees::FeeQuote;
pub use receipt::{KnownTransaction, Log, MOST_LOGS, Receipt};
pub use send::{Said, Sent, Whereabouts};
pub use token::{Token, TokenError};

const GWEI: u128 = 1_000_000_000;
/// More gas than any chain has in a block of its own; Arbitrum's estimates hold what the other chain costs.
const MOST_GAS: u64 = 10_000_000_000;
/// More transactions than any account has sent, and fewer than would use up what can be stored.
const MOST_NONCE: u64 = u32::MAX as u64;
/// What a call may answer.
const LONGEST_RESULT: usize = 64 << 10;
/// Code of contracts is 24 KiB at most on most chains.
const LONGEST_CODE: usize = 256 << 10;

/// Which of a chain's states is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// After the newest block.
    Latest,
    /// With what waits to be taken into the next one, as this node knows it.
    Pending,
}

impl At {
    const fn tag(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Pending => "pending",
        }
    }
}

/// A call that is tried out and not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Whose call it is.
    pub from: Option<Address>,
    /// `None` creates a contract.
    pub to: Option<Address>,
    /// In wei.
    pub value: U256,
    /// The call, or the new contract's code.
    pub data: Vec<u8>,
    /// What it will touch (EIP-2930).
    pub access_list: Vec<AccessListItem>,
    /// The accounts that get code first (EIP-7702).
    pub authorizations: Vec<SignedAuthorization>,
}

impl Call {
    fn json(&self) -> Value {
        let mut call = json!({ "value": format!("{:#x}", self.value), "data": wire::hex(&self.data) });
        if let Some(from) = self.from {
            call["from"] = wire::hex(from.as_slice()).into();
        }
        if let Some(to) = self.to {
            call["to"] = wire::hex(to.as_slice()).into();
        }
        if !self.access_list.is_empty() {
            let item = |item: &AccessListItem| {
                let keys: Vec<String> = item.storage_keys.iter().map(|key| wire::hex(key.as_slice())).collect();
                json!({ "address": wire::hex(item.address.as_slice()), "storageKeys": keys })
            };
            call["accessList"] = self.access_list.iter().map(item).collect();
        }
        if !self.authorizations.is_empty() {
            let quantity = |number: u64| format!("{number:#x}");
            let item = |signed: &SignedAuthorization| {
                let (what, signature) = (&signed.authorization, &signed.signature);
                json!({
                    "chainId": quantity(what.chain_id), "address": wire::hex(what.address.as_slice()),
                    "nonce": quantity(what.nonce), "yParity": quantity(u64::from(signature.y_parity)),
                    "r": format!("{:#x}", signature.r), "s": format!("{:#x}", signature.s),
                })
            };
            call["authorizationList"] = self.authorizations.iter().map(item).collect();
        }
        call
    }
}

/// The client of one network. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    rpc: Rpc,
    chain_id: u64,
    max_fee: u128,
    max_tip: u128,
    confirmations: u32,
    pinned: Arc<BTreeMap<Address, u8>>,
}

impl Client {
    pub(super) fn new(network: &Network, endpoints: Endpoints) -> Self {
        let chain_id = network.chain_id.unwrap_or_default();
        let is = move |found: &Value| match wire::small(found) {
            Some(found) if found == chain_id => Ok(()),
            Some(found) => Err(Problem::Lied(format!("a node of chain {found}, not of {chain_id}"))),
            None => Err(Problem::Lied("a chain id that is no number".to_owned())),
        };
        Self {
            rpc: Rpc::new(endpoints, "eth_chainId", is),
            chain_id,
            max_fee: u128::from(network.max_fee_gwei) * GWEI,
            max_tip: u128::from(network.max_tip_gwei) * GWEI,
            confirmations: network.confirmations(),
            pinned: Arc::new(network.pinned_decimals(|text| parse_address(text).ok())),
        }
    }

    /// The chain id of the configuration, which every node had to show.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The blocks, its own counted, after which a transaction is settled.
    #[must_use]
    pub const fn confirmations(&self) -> u32 {
        self.confirmations
    }

    /// The most that a unit of gas may cost, in wei.
    #[must_use]
    pub const fn max_fee(&self) -> u128 {
        self.max_fee
    }

    /// The highest tip in it, in wei.
    #[must_use]
    pub const fn max_tip(&self) -> u128 {
        self.max_tip
    }

    /// The number of the newest block.
    pub async fn block_number(&self) -> Result<u64, ChainFailure> {
        Ok(self.rpc.ask("eth_blockNumber", &json!([]), wire::small).await?)
    }

    /// What each node says the newest block is: its address as it may be shown, and the number or why there is none.
    pub async fn look(&self) -> Vec<(String, Result<u64, ChainFailure>)> {
        let mut found = Vec::new();
        for place in 0..self.rpc.endpoints.count() {
            let newest = self.rpc.ask_at(place, "eth_blockNumber", &json!([]), wire::small).await;
            let shown = self.rpc.endpoints.shown(place).to_owned();
            found.push((shown, newest.map_err(ChainFailure::from)));
        }
        found
    }

    /// What an account has, in wei.
    pub async fn balance(&self, of: Address) -> Result<U256, ChainFailure> {
        let params = json!([wire::hex(of.as_slice()), "latest"]);
        Ok(self.rpc.ask("eth_getBalance", &params, wire::quantity).await?)
    }

    /// The nonce of an account's next transaction, as this node has it.
    pub async fn nonce(&self, of: Address, at: At) -> Result<u64, ChainFailure> {
        let params = json!([wire::hex(of.as_slice()), at.tag()]);
        Ok(self.rpc.ask("eth_getTransactionCount", &params, nonce).await?)
    }

    /// The nonce of an account's next transaction with what waits, of the first node that says no more than `most`.
    pub async fn pending_up_to(&self, of: Address, most: u64) -> Result<u64, ChainFailure> {
        let params = json!([wire::hex(of.as_slice()), At::Pending.tag()]);
        let read = |value: &Value| nonce(value).filter(|count| *count <= most);
        Ok(self.rpc.ask("eth_getTransactionCount", &params, read).await?)
    }

    /// The least that any node says the account has sent after the newest block.
    pub async fn least_nonce(&self, of: Address) -> Result<u64, ChainFailure> {
        let params = json!([wire::hex(of.as_slice()), At::Latest.tag()]);
        let mut heard = self.rpc.tell_all("eth_getTransactionCount", &params, nonce);
        let (mut least, mut failure) = (None, ChainFailure::Down("there is no node".to_owned()));
        while let Some(answer) = heard.recv().await {
            match answer {
                Ok(count) => least = Some(least.map_or(count, |least: u64| least.min(count))),
                Err(missed) => failure = missed.problem.into(),
            }
        }
        least.ok_or(failure)
    }

    /// The code at an address: empty where there is no contract; 23 bytes from `0xef0100` on for a delegated account.
    pub async fn code(&self, of: Address) -> Result<Vec<u8>, ChainFailure> {
        let params = json!([wire::hex(of.as_slice()), "latest"]);
        let read = |value: &Value| wire::bytes(value, LONGEST_CODE);
        Ok(self.rpc.ask("eth_getCode", &params, read).await?)
    }

    /// What a call would answer; at most 64 KiB.
    ///
    /// # Errors
    /// [`ChainFailure::Refused`] with the contract's reason.
    pub async fn call(&self, call: &Call) -> Result<Vec<u8>, ChainFailure> {
        let params = json!([call.json(), "latest"]);
        let read = |value: &Value| wire::bytes(value, LONGEST_RESULT);
        Ok(self.rpc.ask("eth_call", &params, read).await?)
    }

    /// The gas that a call takes, as the node counts it: no reserve is added.
    ///
    /// # Errors
    /// [`ChainFailure::Refused`] for a call that would fail, with the contract's reason.
    pub async fn estimate_gas(&self, call: &Call) -> Result<u64, ChainFailure> {
        let params = json!([call.json()]);
        let read = |value: &Value| wire::small(value).filter(|gas| (21_000..=MOST_GAS).contains(gas));
        Ok(self.rpc.ask("eth_estimateGas", &params, read).await?)
    }

    /// What became of a transaction, once it stands in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ChainFailure> {
        let params = json!([wire::hex(hash.as_slice())]);
        let read = |value: &Value| wire::nullable(Some(value), |value| Receipt::read(value, hash));
        Ok(self.rpc.ask("eth_getTransactionReceipt", &params, read).await?)
    }

    /// The same of a transaction of this sender's: what names another one is a lie.
    pub async fn receipt_of(&self, hash: B256, from: Address) -> Result<Option<Receipt>, ChainFailure> {
        let params = json!([wire::hex(hash.as_slice())]);
        let read = move |value: &Value| of_sender(value, hash, from);
        Ok(self.rpc.ask("eth_getTransactionReceipt", &params, read).await?)
    }

    /// The same, and no node is believed that says there is none as long as another one has it.
    ///
    /// # Errors
    /// Nobody has it, and no node gave an answer.
    pub async fn receipt_anywhere(&self, hash: B256, from: Address) -> Result<Option<Receipt>, ChainFailure> {
        let params = json!([wire::hex(hash.as_slice())]);
        let read = move |value: &Value| of_sender(value, hash, from);
        let heard = self.rpc.tell_all("eth_getTransactionReceipt", &params, read);
        anywhere(heard).await
    }

    /// The number of the block in which any node says that a transaction stands.
    ///
    /// # Errors
    /// Nobody says so, and no node gave an answer.
    pub async fn block_anywhere(&self, hash: B256) -> Result<Option<u64>, ChainFailure> {
        let params = json!([wire::hex(hash.as_slice())]);
        let read = move |value: &Value| {
            let known = wire::nullable(Some(value), |value| KnownTransaction::read(value, hash))?;
            Some(known.and_then(|known| known.block_number))
        };
        anywhere(self.rpc.tell_all("eth_getTransactionByHash", &params, read)).await
    }

    /// A transaction that the nodes know, in a block or waiting for one.
    pub async fn transaction(&self, hash: B256) -> Result<Option<KnownTransaction>, ChainFailure> {
        let params = json!([wire::hex(hash.as_slice())]);
        let read = |value: &Value| wire::nullable(Some(value), |value| KnownTransaction::read(value, hash));
        Ok(self.rpc.ask("eth_getTransactionByHash", &params, read).await?)
    }
}

fn nonce(value: &Value) -> Option<u64> {
    wire::small(value).filter(|count| *count <= MOST_NONCE)
}

#[expect(clippy::option_option, reason = "the outer one is whether the answer can be read")]
fn of_sender(value: &Value, hash: B256, from: Address) -> Option<Option<Receipt>> {
    let receipt = wire::nullable(Some(value), |value| Receipt::read(value, hash))?;
    receipt
        .as_ref()
        .is_none_or(|receipt| receipt.from == from)
        .then_some(receipt)
}

/// What the first node says that has it; nothing once all have spoken, and one at least answered.
async fn anywhere<T>(mut heard: Receiver<Result<Option<T>, Missed>>) -> Result<Option<T>, ChainFailure> {
    let (mut answered, mut failure) = (false, ChainFailure::Down("there is no node".to_owned()));
    while let Some(answer) = heard.recv().await {
        match answer {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => answered = true,
            Err(missed) => failure = missed.problem.into(),
        }
    }
    if answered { Ok(None) } else { Err(failure) }
}
