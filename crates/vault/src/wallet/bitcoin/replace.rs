//! A payment in the place of one that waits for a block (BIP-125).

use super::coins::{MOST_COINS, usable, weight, with_change};
use super::{Coin, CoinError, FeeRate, Plan, PublicKey, Recipient};

/// A payment of the wallet's own that waits, and whose place another one is to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// All that it spends.
    pub coins: Vec<Coin>,
    /// What it offers the miner.
    pub fee: u64,
    /// Its size in virtual bytes.
    pub size: u64,
}

impl Replaced {
    /// The least that nodes take in its place from a transaction of this weight: what it offers and a satoshi for each
    /// virtual byte of the new one, at a higher rate than its own.
    #[must_use]
    pub const fn least(&self, weight: u64) -> u64 {
        let more = self.fee.saturating_add(FeeRate::LEAST.fee(weight));
        let at_its_rate = self.fee.saturating_mul(weight.div_ceil(4)) / if self.size == 0 { 1 } else { self.size };
        let faster = at_its_rate.saturating_add(1);
        if more > faster { more } else { faster }
    }
}

/// Pays `amount` to `to` in the place of another payment, or with no amount gives all of it back to `to`.
///
/// All coins of the other one are spent, so that of the two at most one can ever happen; and of `more`, which have to be in
/// blocks, the largest ones until they are enough. The fee is what the rate asks for, or else the least that nodes take.
///
/// # Errors
/// [`CoinError`].
pub fn replace(
    replaced: &Replaced,
    more: &[Coin],
    to: &Recipient,
    amount: Option<u64>,
    rate: FeeRate,
    own: &PublicKey,
) -> Result<Plan, CoinError> {
    let fee = |weight: u64| rate.fee(weight).max(replaced.least(weight));
    let mut chosen = replaced.coins.clone();
    let mut sum: u64 = chosen.iter().map(|coin| coin.value).sum();
    let Some(amount) = amount else {
        let fee = fee(weight(chosen.len(), &[to]));
        let missing = CoinError::Missing {
            have: sum,
            need: fee.saturating_add(to.dust()),
        };
        let back = sum.checked_sub(fee).filter(|back| *back >= to.dust()).ok_or(missing)?;
        return Ok(Plan {
            coins: chosen,
            to: to.clone(),
            amount: back,
            change: 0,
            fee,
        });
    };
    if amount < to.dust() {
        return Err(CoinError::Dust { least: to.dust() });
    }
    let need = |inputs| amount.saturating_add(fee(weight(inputs, &[to])));
    for coin in usable(more, rate)? {
        if sum >= need(chosen.len()) || chosen.len() >= MOST_COINS {
            break;
        }
        sum = sum.saturating_add(coin.value);
        chosen.push(coin);
    }
    if sum < need(chosen.len()) {
        return Err(CoinError::Missing {
            have: sum,
            need: need(chosen.len()),
        });
    }
    Ok(with_change(chosen, to, amount, own, fee))
}
