//! Solana, by JSON-RPC (<https://solana.com/docs/rpc>).
//!
//! Amounts are lamports, or the smallest unit of a token; heights count blocks, slots also those that nobody filled.

mod answers;
mod draft;
mod fees;

use std::collections::BTreeMap;
use std::sync::Arc;

use aboard_vault::wallet::solana::{Address, Mint, StateError, metadata_address, symbol_in_metadata, symbol_in_mint};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::endpoints::Problem;
use super::rpc::Rpc;
use super::{ChainFailure, Endpoints};
use crate::config::Network;

pub use answers::{Account, Blockhash, FinalBlock, Finality, Holding, Landed, Status};
pub use draft::{Draft, Unsendable};
pub use fees::{Bounds, price};

/// The code of a transaction that a node ran and that failed there.
const SIMULATION_FAILED: i64 = -32002;
/// The first block of the cluster where lamports are money.
const MAINNET: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
/// As many accounts as one answer may name.
const MOST_ACCOUNTS: usize = 1_000;

/// The client of one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    rpc: Rpc,
    bounds: Bounds,
    pinned: Arc<BTreeMap<Address, u8>>,
}

/// What the nodes said to a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// One has it, or had it already.
    Yes,
    /// All of them ran it, and it fails: the reason. Another time it may not, as long as its blockhash is good.
    Fails(String),
}

impl Client {
    pub(super) fn new(network: &Network, endpoints: Endpoints) -> Self {
        let testnet = network.testnet;
        let is = move |genesis: &Value| match genesis.as_str() {
            Some(MAINNET) if testnet => Err(Problem::Lied(
                "a node of the main network, and this is a test network".to_owned(),
            )),
            Some(hash) if hash == MAINNET || (testnet && Address::parse(hash).is_ok()) => Ok(()),
            _ => Err(Problem::Lied("a node of another network".to_owned())),
        };
        Self {
            rpc: Rpc::new(endpoints, "getGenesisHash", is),
            bounds: Bounds::of(network),
            pinned: Arc::new(network.pinned_decimals(|text| Address::parse(text).ok())),
        }
    }

    /// What may be paid for priority.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }

    async fn ask<T>(
        &self,
        method: &str,
        params: &Value,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, ChainFailure> {
        Ok(self.rpc.ask(method, params, read).await?)
    }

    /// Asks every node once for its newest slot: each by what may be shown of its address.
    pub async fn look(&self) -> Vec<(String, Result<u64, ChainFailure>)> {
        let mut found = Vec::new();
        for place in 0..self.rpc.endpoints.count() {
            let newest = self.rpc.ask_at(place, "getSlot", &json!([]), Value::as_u64).await;
            let shown = self.rpc.endpoints.shown(place).to_owned();
            found.push((shown, newest.map_err(ChainFailure::from)));
        }
        found
    }

    /// What an account has.
    pub async fn balance(&self, owner: Address) -> Result<u64, ChainFailure> {
        let params = json!([owner.to_string(), { "commitment": "confirmed" }]);
        self.ask("getBalance", &params, |value| value["value"].as_u64()).await
    }

    /// An account; `None` for one that is not there.
    pub async fn account(&self, at: Address) -> Result<Option<Account>, ChainFailure> {
        let params = json!([at.to_string(), { "commitment": "confirmed", "encoding": "base64" }]);
        self.ask("getAccountInfo", &params, |value| {
            answers::optional(&value["value"], answers::account)
        })
        .await
    }

    /// A token that is to be sent, by its mint: what two nodes say alike, with the decimals of the configuration where it
    /// has some. The transfer names them, so that the chain refuses wrong ones; what is agreed on is not signed for nothing.
    ///
    /// # Errors
    /// As [`token`](Self::token), and [`ChainFailure::Lied`] where the nodes do not agree.
    pub async fn token_to_send(&self, mint: Address) -> Result<Result<Mint, StateError>, ChainFailure> {
        let params = json!([mint.to_string(), { "commitment": "confirmed", "encoding": "base64" }]);
        let read = |value: &Value| {
            let account = answers::optional(&value["value"], answers::account)?;
            Some(account.map_or(Err(StateError::Program), |account| {
                Mint::parse(account.owner, &account.data)
            }))
        };
        let said = if self.pinned.contains_key(&mint) {
            self.rpc.ask("getAccountInfo", &params, read).await?
        } else {
            let what = "the token's decimals";
            self.rpc.agreed(what, "getAccountInfo", &params, read).await?
        };
        Ok(said.map(|token| self.with_pinned(mint, token)))
    }

    fn with_pinned(&self, mint: Address, token: Mint) -> Mint {
        let decimals = self.pinned.get(&mint).copied().unwrap_or(token.decimals);
        Mint { decimals, ..token }
    }

    /// A token by its mint, with the symbol that its issuer gave it, if any.
    ///
    /// # Errors
    /// The inner one for what is no token, or none that a plain transfer moves.
    pub async fn token(&self, mint: Address) -> Result<Result<(Mint, Option<String>), StateError>, ChainFailure> {
        let Some(account) = self.account(mint).await? else {
            return Ok(Err(StateError::Program));
        };
        let token = match Mint::parse(account.owner, &account.data) {
            Ok(token) => self.with_pinned(mint, token),
            Err(error) => return Ok(Err(error)),
        };
        if let Some(symbol) = symbol_in_mint(account.owner, &account.data) {
            return Ok(Ok((token, Some(symbol))));
        }
        let named = match metadata_address(&mint) {
            Some(at) => self.account(at).await?,
            None => None,
        };
        let symbol = named.and_then(|account| symbol_in_metadata(&mint, &account.data));
        Ok(Ok((token, symbol)))
    }

    /// The accounts that an owner has for a token.
    pub async fn holdings(
        &self,
        owner: Address,
        mint: Address,
        program: Address,
    ) -> Result<Vec<Holding>, ChainFailure> {
        let params = json!([
            owner.to_string(), { "mint": mint.to_string() }, { "commitment": "confirmed", "encoding": "base64" },
        ]);
        self.ask("getTokenAccountsByOwner", &params, |value| {
            let list = value["value"].as_array().filter(|list| list.len() <= MOST_ACCOUNTS)?;
            let holdings: Option<Vec<Holding>> = list.iter().map(|entry| answers::holding(entry, program)).collect();
            let all = holdings?;
            let right = all
                .iter()
                .all(|one| one.account.owner == owner && one.account.mint == mint);
            let twice = (1..all.len()).any(|i| all[..i].iter().any(|one| one.at == all[i].at));
            (right && !twice).then_some(all)
        })
        .await
    }

    /// A recent block, which a transaction has to name.
    pub async fn latest_blockhash(&self) -> Result<Blockhash, ChainFailure> {
        let params = json!([{ "commitment": "confirmed" }]);
        self.ask("getLatestBlockhash", &params, answers::blockhash).await
    }

    /// Whether a transaction that names this block can still land.
    pub async fn is_blockhash_valid(&self, hash: [u8; 32]) -> Result<bool, ChainFailure> {
        let params = json!([Address(hash).to_string(), { "commitment": "confirmed" }]);
        self.ask("isBlockhashValid", &params, |value| value["value"].as_bool())
            .await
    }

    /// The newest block that nothing undoes.
    pub async fn final_block(&self) -> Result<FinalBlock, ChainFailure> {
        let params = json!([{ "commitment": "finalized" }]);
        self.ask("getEpochInfo", &params, answers::final_block).await
    }

    /// What others paid for priority of late where these accounts were written, in millionths of a lamport for a unit of
    /// computing; within the bounds.
    pub async fn recent_price(&self, accounts: &[Address]) -> Result<u64, ChainFailure> {
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        let paid = self
            .ask("getRecentPrioritizationFees", &json!([accounts]), answers::paid)
            .await?;
        Ok(price(&paid, self.bounds))
    }

    /// Runs a transaction without sending it and without looking at its signatures; the units of computing it took, or
    /// why it fails.
    pub async fn simulate(&self, raw: &[u8]) -> Result<Result<u64, String>, ChainFailure> {
        let options = json!({ "encoding": "base64", "commitment": "confirmed", "sigVerify": false });
        let params = json!([STANDARD.encode(raw), options]);
        self.ask("simulateTransaction", &params, |value| {
            answers::simulated(&value["value"])
        })
        .await
    }

    /// Gives a signed transaction to all nodes at once. `id` is its first signature, in base58.
    ///
    /// # Errors
    /// Where a node gave no answer and no other one took it, it may have landed all the same.
    pub async fn send(&self, raw: &[u8], id: &str) -> Result<Taken, ChainFailure> {
        let options = json!({ "encoding": "base64", "preflightCommitment": "confirmed", "skipPreflight": false });
        let params = json!([STANDARD.encode(raw), options]);
        // A node that says another id has another transaction, or none.
        let own = id.to_owned();
        let read = move |said: &Value| (said.as_str() == Some(own.as_str())).then_some(());
        let mut heard = self.rpc.tell_all("sendTransaction", &params, read);
        let (mut fails, mut unknown) = (None, None);
        while let Some(said) = heard.recv().await {
            match said.map_err(Problem::from) {
                Ok(()) => return Ok(Taken::Yes),
                Err(Problem::Refused { reason, .. }) if reason.contains("already been processed") => {
                    return Ok(Taken::Yes);
                }
                // What a node ran and found to fail it passed on to nobody.
                Err(Problem::Refused { code, reason }) if code == SIMULATION_FAILED => {
                    fails = Some(Taken::Fails(answers::in_plain_words(&reason)));
                }
                Err(other) => unknown = Some(other),
            }
        }
        match (unknown, fails) {
            (Some(problem), _) => Err(problem.into()),
            (None, Some(fails)) => Ok(fails),
            (None, None) => Err(ChainFailure::Down("the network has no nodes".to_owned())),
        }
    }

    /// What is known of a transaction, by its id, at a slot that the node says it has come to.
    pub async fn status(&self, id: &str) -> Result<(u64, Option<Status>), ChainFailure> {
        let params = json!([[id], { "searchTransactionHistory": true }]);
        self.ask("getSignatureStatuses", &params, |value| {
            let list = value["value"].as_array().filter(|list| list.len() == 1)?;
            let status = answers::optional(&list[0], answers::status)?;
            Some((value["context"]["slot"].as_u64()?, status))
        })
        .await
    }

    /// A transaction that landed, by its id; `None` for one that did not, or that no node remembers.
    pub async fn landed(&self, id: &str) -> Result<Option<Landed>, ChainFailure> {
        let options = json!({ "encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0 });
        let read = |value: &Value| answers::optional(value, |value| answers::landed(value, id));
        self.ask("getTransaction", &json!([id, options]), read).await
    }
}
