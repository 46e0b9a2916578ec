//! Bitcoin, by the REST interface of Esplora (<https://github.com/Blockstream/esplora/blob/master/API.md>).
//!
//! Amounts are satoshi. What a server says of a coin is checked against the transaction that the coin comes from, whose
//! name follows from its bytes.

mod answers;
mod draft;

use std::sync::Arc;

use aboard_vault::wallet::bitcoin::{Coin, FeeRate, PublicKey, RawTransaction, Txid};
use futures_util::stream::{Stream, StreamExt as _, TryStreamExt as _, iter};

use super::endpoints::{Ask, Identity, Problem, Reply};
use super::{ChainFailure, Endpoints};
use crate::config::Network;

pub use answers::{Balance, Place, Unspent};
pub use draft::{OnItsWay, Purse, Unsendable};

/// The first block of the chain where bitcoin are money.
const MAIN: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
/// As many coins as one answer may name.
const MOST_COINS: usize = 10_000;
/// Transactions that are looked at together.
const AT_ONCE: usize = 6;

/// The client of one network. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    endpoints: Endpoints,
    identity: Arc<Identity>,
    most_rate: FeeRate,
    testnet: bool,
    confirmations: u32,
}

/// What the servers said to a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// One has it, or had it already.
    Yes,
    /// None of them will pass it on: the reason.
    No(String),
}

impl Client {
    pub(super) fn new(network: &Network, endpoints: Endpoints) -> Self {
        let testnet = network.testnet;
        let is = move |reply: &Reply| match answers::text(reply)? {
            genesis if genesis == MAIN && testnet => Err(Problem::Lied(
                "a server of the main network, and this is a test network".to_owned(),
            )),
            genesis if genesis == MAIN || (testnet && answers::is_hash(genesis)) => Ok(()),
            _ => Err(Problem::Lied("a server of another network".to_owned())),
        };
        Self {
            endpoints,
            identity: Arc::new(Identity {
                ask: Ask::get("/block-height/0"),
                is: Box::new(is),
            }),
            most_rate: FeeRate::per_kvb(network.max_fee_rate.saturating_mul(1_000)),
            testnet,
            confirmations: network.confirmations(),
        }
    }

    /// The blocks, its own counted, after which a transaction is settled.
    #[must_use]
    pub const fn confirmations(&self) -> u32 {
        self.confirmations
    }

    /// The most that is paid for size.
    #[must_use]
    pub const fn most_rate(&self) -> FeeRate {
        self.most_rate
    }

    async fn ask<T>(&self, ask: Ask, read: impl Fn(&Reply) -> Result<T, Problem>) -> Result<T, ChainFailure> {
        Ok(self.endpoints.ask(&self.identity, &ask, read).await?)
    }

    /// Asks every server once for its newest block: each by what may be shown of its address.
    pub async fn look(&self) -> Vec<(String, Result<u64, ChainFailure>)> {
        let (mut found, ask) = (Vec::new(), Ask::get("/blocks/tip/height"));
        for place in 0..self.endpoints.count() {
            let newest = self
                .endpoints
                .ask_at(place, &self.identity, &ask, answers::height)
                .await;
            let shown = self.endpoints.shown(place).to_owned();
            found.push((shown, newest.map(u64::from).map_err(ChainFailure::from)));
        }
        found
    }

    /// What an address has.
    pub async fn balance(&self, address: &str) -> Result<Balance, ChainFailure> {
        self.ask(Ask::get(format!("/address/{address}")), |reply| {
            answers::json(reply, |value| answers::balance(value, address))
        })
        .await
    }

    /// The coins of an address, as the server names them: [`prove`](Self::prove) those that are to be spent.
    pub async fn unspent(&self, address: &str) -> Result<Vec<Unspent>, ChainFailure> {
        self.ask(Ask::get(format!("/address/{address}/utxo")), |reply| {
            answers::json(reply, |value| {
                let list = value.as_array().filter(|list| list.len() <= MOST_COINS)?;
                list.iter().map(answers::unspent).collect()
            })
        })
        .await
    }

    /// What the coins are worth that a transaction spends, as the transactions say that they come from; `None` if one of
    /// them is not `own`'s.
    ///
    /// # Errors
    /// [`ChainFailure::Lied`] where the servers do not know one of those transactions.
    pub async fn coins_of(&self, spender: &RawTransaction, own: &PublicKey) -> Result<Option<Vec<Coin>>, ChainFailure> {
        let outputs: Vec<(Txid, u32)> = spender.spends().collect();
        let sources = self.sources(outputs.iter().map(|(txid, _)| *txid)).await?;
        let coin = |(txid, vout): &(Txid, u32)| {
            let source = sources.iter().find(|source| source.txid() == *txid)?;
            source.coin(*vout, own)
        };
        Ok(outputs.iter().map(coin).collect())
    }

    /// Fetches the transactions of these names, each once.
    async fn sources(&self, names: impl Iterator<Item = Txid>) -> Result<Vec<RawTransaction>, ChainFailure> {
        self.each_source(names).try_collect().await
    }

    /// Fetches the transactions of these names, each once, a few at a time.
    fn each_source(
        &self,
        names: impl Iterator<Item = Txid>,
    ) -> impl Stream<Item = Result<RawTransaction, ChainFailure>> {
        let mut names: Vec<Txid> = names.collect();
        names.sort_unstable();
        names.dedup();
        let fetched = iter(names).map(move |txid| async move {
            let found = self.transaction(txid).await?;
            found.ok_or_else(|| ChainFailure::Lied(format!("a coin of the unknown transaction {txid}")))
        });
        fetched.buffer_unordered(AT_ONCE)
    }

    /// Fetches the transactions that coins come from and checks that each pays `own` what was said.
    ///
    /// # Errors
    /// [`ChainFailure::Lied`] for a coin that is another's, or worth something else.
    pub async fn prove(&self, coins: &[Coin], own: &PublicKey) -> Result<(), ChainFailure> {
        // Each may be large: none is kept once its coins are seen.
        let sources = self.each_source(coins.iter().map(|coin| coin.txid));
        sources
            .try_for_each(|source| async move {
                let of_it = coins.iter().filter(|coin| coin.txid == source.txid());
                for coin in of_it {
                    if source.coin(coin.vout, own) != Some(*coin) {
                        let what = format!("a coin that is not there: {}:{}", coin.txid, coin.vout);
                        return Err(ChainFailure::Lied(what));
                    }
                }
                Ok(())
            })
            .await
    }

    /// A transaction by its id; `None` for one that the servers do not know.
    pub async fn transaction(&self, txid: Txid) -> Result<Option<RawTransaction>, ChainFailure> {
        self.ask(Ask::get(format!("/tx/{txid}/raw")), |reply| {
            answers::if_found(reply, |reply| {
                let read = RawTransaction::parse(&reply.body).filter(|read| read.txid() == txid);
                read.ok_or_else(|| Problem::Lied("another transaction than was asked for".to_owned()))
            })
        })
        .await
    }

    /// Where a transaction stands; `None` for one that the servers do not know.
    pub async fn place(&self, txid: &str) -> Result<Option<Place>, ChainFailure> {
        self.ask(Ask::get(format!("/tx/{txid}/status")), |reply| {
            answers::if_found(reply, |reply| answers::json(reply, answers::place))
        })
        .await
    }

    /// The transaction that spends a coin, and where it stands; `None` while nobody does.
    pub async fn spender(&self, txid: Txid, vout: u32) -> Result<Option<(Txid, Place)>, ChainFailure> {
        let found = self
            .ask(Ask::get(format!("/tx/{txid}/outspend/{vout}")), |reply| {
                answers::if_found(reply, |reply| answers::json(reply, answers::spender))
            })
            .await?;
        Ok(found.flatten())
    }

    /// The height of the newest block.
    pub async fn height(&self) -> Result<u32, ChainFailure> {
        self.ask(Ask::get("/blocks/tip/height"), answers::height).await
    }

    /// The rate at which a transaction is likely to be in one of the next `blocks`, within the bounds; `None` where the
    /// servers know none.
    pub async fn rate(&self, blocks: u16) -> Result<Option<FeeRate>, ChainFailure> {
        let estimates = self
            .ask(Ask::get("/fee-estimates"), |reply| {
                answers::json(reply, answers::estimates)
            })
            .await?;
        let rate = FeeRate::within(blocks, &estimates);
        Ok(rate.map(|rate| rate.min(self.most_rate)))
    }

    /// Gives a signed transaction to all servers at once.
    ///
    /// # Errors
    /// Where a server gave no answer and no other one took it, it may be under way all the same.
    pub async fn send(&self, raw: &[u8], txid: &str) -> Result<Taken, ChainFailure> {
        let ask = Ask::text("/tx", hex(raw));
        let own = txid.to_owned();
        let read = move |reply: &Reply| answers::taken(reply, &own);
        let mut heard = self.endpoints.tell_all(&self.identity, &ask, read);
        let (mut refused, mut unknown) = (None, None);
        while let Some(said) = heard.recv().await {
            match said {
                Ok(Taken::Yes) => return Ok(Taken::Yes),
                Ok(no) => refused = Some(no),
                Err(missed) => unknown = Some(missed.problem),
            }
        }
        match (unknown, refused) {
            (Some(problem), _) => Err(problem.into()),
            (None, Some(no)) => Ok(no),
            (None, None) => Err(ChainFailure::Down("the network has no servers".to_owned())),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            // Writing to a text does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
