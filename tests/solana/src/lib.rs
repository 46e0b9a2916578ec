//! A Solana node for tests: `litesvm` runs the transactions as the network would, and [`Node::call`] answers the JSON-RPC
//! methods that the server asks for, in the shapes of Solana's documentation.
//!
//! What a network does by itself is done here when a test says so, through methods that start with `test_`: money appears,
//! blocks pass, a blockhash expires, a transaction gets lost.

mod read;
mod send;
mod set_up;

use std::collections::HashMap;

use litesvm::LiteSVM;
use serde_json::{Value, json};
use solana_address::Address;

/// How many blocks a blockhash is good for.
pub const LIFE: u64 = 150;
/// After how many blocks a transaction is final.
pub const FINAL: u64 = 32;

/// The error of a call: code, words, data.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError(pub i64, pub String, pub Value);

impl RpcError {
    fn invalid(words: &str) -> Self {
        Self(-32602, words.to_owned(), Value::Null)
    }
}

/// What became of a transaction.
struct Landed {
    slot: u64,
    fee: u64,
    err: Value,
    raw: Vec<u8>,
    units: u64,
}

/// A node with a ledger of its own.
pub struct Node {
    svm: LiteSVM,
    slot: u64,
    /// The height up to which each blockhash that was handed out is good.
    hashes: HashMap<String, u64>,
    landed: HashMap<String, Landed>,
    /// Transactions are taken, and never land.
    loses: bool,
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

impl Node {
    /// A ledger with the programs that every cluster has.
    #[must_use]
    pub fn new() -> Self {
        Self {
            // Signatures are looked at where a transaction is sent, as nodes do: they run what is not signed yet as well.
            svm: LiteSVM::new().with_sigverify(false),
            slot: 1000,
            hashes: HashMap::new(),
            landed: HashMap::new(),
            loses: false,
        }
    }

    /// Answers one call of JSON-RPC.
    ///
    /// # Errors
    /// As the network's nodes answer them.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value, RpcError> {
        match method {
            "getHealth" => Ok(json!("ok")),
            // Of a cluster that is nobody's.
            "getGenesisHash" => Ok(json!("4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn")),
            "getSlot" | "getBlockHeight" => Ok(json!(self.slot)),
            "getEpochInfo" => Ok(json!({
                "absoluteSlot": self.slot, "blockHeight": self.slot, "epoch": 0, "slotIndex": self.slot,
                "slotsInEpoch": 432_000, "transactionCount": self.landed.len(),
            })),
            "getBalance" => self.balance(params),
            "getAccountInfo" => self.account_info(params),
            "getTokenAccountsByOwner" => self.token_accounts(params),
            "getMinimumBalanceForRentExemption" => {
                let length = params[0].as_u64().and_then(|length| usize::try_from(length).ok());
                let length = length.ok_or_else(|| RpcError::invalid("Invalid params: a length is needed"))?;
                Ok(json!(self.svm.minimum_balance_for_rent_exemption(length)))
            }
            "getLatestBlockhash" => Ok(self.latest_blockhash()),
            "isBlockhashValid" => self.is_blockhash_valid(params),
            "getRecentPrioritizationFees" => Ok(json!([
                { "slot": self.slot - 1, "prioritizationFee": 0 },
                { "slot": self.slot, "prioritizationFee": 1200 },
            ])),
            "simulateTransaction" => self.simulate(params),
            "sendTransaction" => self.send(params),
            "getSignatureStatuses" => self.statuses(params),
            "getTransaction" => self.transaction(params),
            "test_airdrop" => self.airdrop(params),
            "test_mint" => self.make_mint(params),
            "test_tokens" => self.give_tokens(params),
            "test_blocks" => {
                self.slot += params[0].as_u64().unwrap_or(1);
                Ok(json!(self.slot))
            }
            "test_expire" => {
                self.slot += LIFE + 1;
                self.svm.expire_blockhash();
                Ok(json!(self.slot))
            }
            "test_lose" => {
                self.loses = params[0].as_bool().unwrap_or(true);
                Ok(Value::Null)
            }
            _ => Err(RpcError(-32601, "Method not found".to_owned(), Value::Null)),
        }
    }

    /// The envelope of answers that say at which slot they hold.
    fn at_slot(&self, value: &Value) -> Value {
        json!({ "context": { "apiVersion": "3.1.0", "slot": self.slot }, "value": value })
    }
}

fn address(value: &Value) -> Result<Address, RpcError> {
    let text = value.as_str().unwrap_or_default();
    text.parse()
        .map_err(|_| RpcError::invalid("Invalid param: Invalid"))
}
