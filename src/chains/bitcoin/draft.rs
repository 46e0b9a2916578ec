//! Which coins pay for what, and at which rate.

use std::collections::BTreeSet;

use aboard_vault::wallet::bitcoin::{
    Coin, CoinError, FeeRate, Plan, PublicKey, RawTransaction, Recipient, Txid, select,
};

use super::super::ChainFailure;
use super::{Client, Unspent};

/// A payment is to be in one of this many blocks.
const BLOCKS: u16 = 3;

/// What a wallet could spend, and at which rate, as the servers said a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    /// Its coins, and those that are on their way to it.
    pub unspent: Vec<Unspent>,
    /// What is paid for size.
    pub rate: FeeRate,
}

/// A transaction of the wallet's that no block has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnItsWay {
    /// The transaction.
    pub transaction: RawTransaction,
    /// Whether another one of the wallet's may happen in its place: then what comes back from it cannot be counted on.
    pub contested: bool,
}

/// Why a payment is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The servers were not there, or said what cannot be.
    #[error(transparent)]
    Chain(#[from] ChainFailure),
    /// The coins do not do.
    #[error(transparent)]
    Coins(#[from] CoinError),
    /// There are coins, and they are on their way or not in a block yet.
    #[error("{waiting} satoshi of the wallet wait for a block, and the rest is not enough: wait for it, or send less")]
    Waiting {
        /// What waits.
        waiting: u64,
    },
    /// More than the operator lets be paid.
    #[error("feeRate is more than this server pays: at most {most} satoshi for a virtual byte")]
    Rate {
        /// The most.
        most: u64,
    },
    /// The servers have no estimate.
    #[error("the servers do not know what fees are paid now: say feeRate, in satoshi for a virtual byte")]
    NoRate,
}

impl Unsendable {
    /// The field of the call that it is about; `None` for the chain's own failures.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Chain(_) | Self::Coins(CoinError::Impossible) => None,
            Self::Coins(_) | Self::Waiting { .. } => Some("amount"),
            Self::Rate { .. } | Self::NoRate => Some("feeRate"),
        }
    }
}

impl Client {
    /// Asks for the coins of an address, and for the rate where the caller says none.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub async fn purse(&self, address: &str, rate: Option<FeeRate>) -> Result<Purse, Unsendable> {
        Ok(Purse {
            rate: self.rate_of(rate).await?,
            unspent: self.unspent(address).await?,
        })
    }

    async fn rate_of(&self, given: Option<FeeRate>) -> Result<FeeRate, Unsendable> {
        match given {
            Some(rate) if rate > self.most_rate => Err(Unsendable::Rate {
                most: self.most_rate.sat_per_kvb() / 1_000,
            }),
            Some(rate) => Ok(rate),
            None => match self.rate(BLOCKS).await? {
                Some(rate) => Ok(rate),
                // Test networks are often too quiet for an estimate.
                None if self.testnet => Ok(FeeRate::LEAST),
                None => Err(Unsendable::NoRate),
            },
        }
    }
}

impl Purse {
    /// Chooses the coins of a payment. `on_its_way` is what the wallet has sent and no block has settled: its coins are
    /// not spent again, and what comes back from it may be. The coins have still to be [proven](Client::prove).
    ///
    /// # Errors
    /// [`Unsendable`].
    pub fn plan(
        &self,
        own: &PublicKey,
        to: &Recipient,
        amount: u64,
        on_its_way: &[OnItsWay],
    ) -> Result<Plan, Unsendable> {
        let (usable, waiting) = self.usable(on_its_way);
        match select(&usable, to, amount, self.rate, own) {
            Err(CoinError::Missing { have, need }) if have.saturating_add(waiting) >= need => {
                Err(Unsendable::Waiting { waiting })
            }
            chosen => Ok(chosen?),
        }
    }

    /// The coins in blocks that nothing on its way spends: the only ones that may be added to a payment that takes the place
    /// of another one.
    #[must_use]
    pub fn settled(&self, on_its_way: &[OnItsWay]) -> Vec<Coin> {
        let spent = spent_by(on_its_way);
        let settled = self.unspent.iter().filter(|one| one.height.is_some());
        let free = settled.filter(|one| !spent.contains(&(one.coin.txid, one.coin.vout)));
        free.map(|one| one.coin).collect()
    }

    /// The coins that can be spent now, and what the others are worth: those that are on their way already, and those
    /// that others are sending and may still take back.
    fn usable(&self, on_its_way: &[OnItsWay]) -> (Vec<Coin>, u64) {
        let spent = spent_by(on_its_way);
        let sure = on_its_way.iter().filter(|sent| !sent.contested);
        let own: BTreeSet<Txid> = sure.map(|sent| sent.transaction.txid()).collect();
        let is_usable = |one: &&Unspent| {
            let (coin, settled) = (one.coin, one.height.is_some());
            !spent.contains(&(coin.txid, coin.vout)) && (settled || own.contains(&coin.txid))
        };
        let (usable, others): (Vec<&Unspent>, Vec<&Unspent>) = self.unspent.iter().partition(is_usable);
        let waiting = others.iter().fold(0_u64, |sum, one| sum.saturating_add(one.coin.value));
        (usable.iter().map(|one| one.coin).collect(), waiting)
    }
}

fn spent_by(on_its_way: &[OnItsWay]) -> BTreeSet<(Txid, u32)> {
    on_its_way.iter().flat_map(|sent| sent.transaction.spends()).collect()
}
