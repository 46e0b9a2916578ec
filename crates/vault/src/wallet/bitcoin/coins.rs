//! Which coins to spend.

use bitcoin::Txid;

use super::{FeeRate, PublicKey, Recipient};

/// An output that this wallet can spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coin {
    /// The transaction it comes from.
    pub txid: Txid,
    /// Its place there.
    pub vout: u32,
    /// What it is worth. A lie makes a signature that the network refuses; see [`select`].
    pub value: u64,
}

/// A payment that is worked out: `Σ coins = amount + change + fee`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is spent.
    pub coins: Vec<Coin>,
    /// Who is paid.
    pub to: Recipient,
    /// How much.
    pub amount: u64,
    /// What comes back; zero for no such output.
    pub change: u64,
    /// What the miner gets.
    pub fee: u64,
}

impl Plan {
    /// The weight of its transaction, with signatures as long as they can be. What comes back goes to `own`.
    #[must_use]
    pub fn weight(&self, own: &PublicKey) -> u64 {
        let back = own.script();
        let scripts = [&self.to, &back];
        weight(self.coins.len(), if self.change > 0 { &scripts } else { &scripts[..1] })
    }
}

/// Version, lock time, marker and flag, and the count of outputs, in units of weight.
const FRAME: u64 = (4 + 4 + 1) * 4 + 2;
/// An input of P2WPKH: 41 bytes, and a witness with a signature of 72 bytes at most.
const INPUT: u64 = 41 * 4 + 1 + 1 + 72 + 1 + 33;
pub(super) const MOST_COINS: usize = 500;

/// Weight of a transaction that spends `inputs` coins to these scripts.
pub(super) fn weight(inputs: usize, scripts: &[&Recipient]) -> u64 {
    let inputs = inputs as u64;
    let count = if inputs < 253 { 4 } else { 12 };
    let outputs: u64 = scripts.iter().map(|script| (8 + 1 + script.0.len() as u64) * 4).sum();
    FRAME + count + inputs * INPUT + outputs
}

/// Chooses coins that pay `amount` to `to`, and gives the rest back to `own`.
///
/// The smallest single coin that is enough, or else the largest ones until they are. Coins that cost
/// more than they are worth stay; change too small to be relayed goes to the miner. The same
/// arguments always give the same plan.
///
/// Each signature covers the value of its own coin alone. Who lies about coins can therefore ask for
/// the same payment twice and join the signatures that held; check values against the transactions
/// they come from where the server that names them is not trusted.
///
/// # Errors
/// [`CoinError`].
pub fn select(coins: &[Coin], to: &Recipient, amount: u64, rate: FeeRate, own: &PublicKey) -> Result<Plan, CoinError> {
    if amount < to.dust() {
        return Err(CoinError::Dust { least: to.dust() });
    }
    let usable = usable(coins, rate)?;
    // What a number of coins has to be worth if nothing comes back.
    let need = |inputs| amount.saturating_add(rate.fee(weight(inputs, &[to])));
    let single = usable.iter().rev().find(|coin| coin.value >= need(1));
    let chosen: Vec<Coin> = if let Some(coin) = single {
        vec![*coin]
    } else {
        let mut sum = 0_u64;
        let mut chosen = Vec::new();
        for coin in usable.iter().take(MOST_COINS) {
            sum = sum.saturating_add(coin.value);
            chosen.push(*coin);
            if sum >= need(chosen.len()) {
                break;
            }
        }
        if sum < need(chosen.len().max(1)) {
            return Err(missing(&usable, sum, need(chosen.len().max(1))));
        }
        chosen
    };

    Ok(with_change(chosen, to, amount, own, |weight| rate.fee(weight)))
}

/// The payment of coins that are enough: what is left goes back, unless it is dust.
pub(super) fn with_change(
    coins: Vec<Coin>,
    to: &Recipient,
    amount: u64,
    own: &PublicKey,
    fee: impl Fn(u64) -> u64,
) -> Plan {
    let sum: u64 = coins.iter().map(|coin| coin.value).sum();
    let back = own.script();
    let fee = fee(weight(coins.len(), &[to, &back]));
    let change = sum
        .checked_sub(amount.saturating_add(fee))
        .filter(|change| *change >= back.dust())
        .unwrap_or(0);
    Plan {
        coins,
        to: to.clone(),
        amount,
        change,
        fee: sum - amount - change,
    }
}

/// Sends all that the coins are worth, less the fee.
///
/// # Errors
/// [`CoinError`].
pub fn sweep(coins: &[Coin], to: &Recipient, rate: FeeRate) -> Result<Plan, CoinError> {
    let mut chosen = usable(coins, rate)?;
    chosen.truncate(MOST_COINS);
    let sum: u64 = chosen.iter().map(|coin| coin.value).sum();
    let fee = rate.fee(weight(chosen.len(), &[to]));
    let amount = sum
        .checked_sub(fee)
        .filter(|amount| *amount >= to.dust())
        .ok_or(CoinError::Missing {
            have: sum,
            need: fee.saturating_add(to.dust()),
        })?;
    Ok(Plan {
        coins: chosen,
        to: to.clone(),
        amount,
        change: 0,
        fee,
    })
}

/// The coins that are worth more than spending them costs, the largest first; among equal ones the
/// order is that of their names, so that it does not depend on the server's.
pub(super) fn usable(coins: &[Coin], rate: FeeRate) -> Result<Vec<Coin>, CoinError> {
    let cost = rate.fee(INPUT);
    let mut usable: Vec<Coin> = coins.iter().filter(|coin| coin.value > cost).copied().collect();
    usable.sort_by(|a, b| (b.value, a.txid, a.vout).cmp(&(a.value, b.txid, b.vout)));
    let twice = usable
        .windows(2)
        .any(|pair| (pair[0].txid, pair[0].vout) == (pair[1].txid, pair[1].vout));
    // All the bitcoin there will ever be, in satoshi.
    let most = 2_100_000_000_000_000;
    let sum = usable.iter().try_fold(0_u64, |sum, coin| sum.checked_add(coin.value));
    if twice || sum.is_none_or(|sum| sum > most) {
        return Err(CoinError::Impossible);
    }
    Ok(usable)
}

fn missing(usable: &[Coin], sum: u64, need: u64) -> CoinError {
    if usable.len() > MOST_COINS {
        CoinError::TooMany
    } else {
        CoinError::Missing { have: sum, need }
    }
}

/// Why a payment cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoinError {
    /// The coins are not worth as much.
    #[error("the wallet has {have} satoshi that can be spent, and amount and fee are {need}: send less")]
    Missing {
        /// What all usable coins are worth.
        have: u64,
        /// Amount and fee.
        need: u64,
    },
    /// So little is not relayed.
    #[error("the amount is too small for the network to relay: send at least {least} satoshi")]
    Dust {
        /// The least that is.
        least: u64,
    },
    /// It would take more coins than a transaction is allowed to have here.
    #[error("the wallet's coins are too small for this amount in one transaction: send it in parts")]
    TooMany,
    /// A coin comes twice, or there are more bitcoin than there can be.
    #[error("the list of coins cannot be true: ask another server")]
    Impossible,
}
