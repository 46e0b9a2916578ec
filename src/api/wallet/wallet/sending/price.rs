//! What a send pays: what the caller says, else what the network asks for; and more than what it replaces.

use aboard_vault::wallet::evm::Transaction;

use super::super::ceiling::Price;
use super::super::evm_action;
use super::options::invalid;
use super::{Account, Options, Wish};
use crate::chains::ChainFailure;
use crate::chains::evm::FeeQuote;
use crate::domain::{Code, SendKind};
use crate::store::Send;
use crate::web::Failure;

/// What a plain transfer takes; of it nothing is kept in reserve.
const PLAIN_GAS: u64 = 21_000;
/// What each delegation takes at most (EIP-7702). Nodes that do not know them leave them out of what they estimate.
const DELEGATION_GAS: u64 = 25_000;

/// What was found for a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// What a unit costs.
    pub price: Price,
}

/// Finds gas and price.
pub async fn find(account: &Account<'_>, wish: &Wish, replaced: Option<&Send>) -> Result<Found, Failure> {
    let price = price(account, &wish.options, replaced, wish.kind).await?;
    let gas_limit = match wish.options.gas_limit {
        Some(gas) => gas,
        None => gas(account, wish).await?,
    };
    Ok(Found { gas_limit, price })
}

async fn gas(account: &Account<'_>, wish: &Wish) -> Result<u64, Failure> {
    let delegations = DELEGATION_GAS.saturating_mul(wish.options.authorizations.len() as u64);
    let estimated = evm_action::gas(account.client, &wish.call).await;
    let gas = match estimated {
        // Nothing is cheaper to send than what stops something else.
        Err(failure) if wish.kind == SendKind::Cancel && failure.code == Code::ChainUnavailable => PLAIN_GAS,
        estimated => estimated?,
    };
    // What others do meanwhile may make a call dearer.
    let reserve = if gas == PLAIN_GAS { 0 } else { gas / 4 };
    Ok(gas.saturating_add(reserve).saturating_add(delegations))
}

async fn price(
    account: &Account<'_>,
    options: &Options,
    replaced: Option<&Send>,
    kind: SendKind,
) -> Result<Price, Failure> {
    let given = match (options.gas_price, options.most, options.tip) {
        (Some(price), _, _) => Some(Price::One(price)),
        (None, Some(most), Some(tip)) => Some(Price::MostAndTip(most, tip)),
        _ => None,
    };
    let needed = replaced.map(least).transpose()?;
    if let Some(price) = given {
        must_be_allowed(account, price)?;
        must_replace(price, needed)?;
        return Ok(price);
    }
    let quote = match account.client.fees().await {
        Ok(quote) => Some(quote),
        // What it replaces says enough of what it has to offer.
        Err(ChainFailure::Down(_)) if needed.is_some() && kind == SendKind::Cancel => None,
        Err(failure) => return Err(failure.into()),
    };
    let price = match (quote, options.most, options.tip) {
        (Some(FeeQuote::Legacy { .. }), None, None) if !options.authorizations.is_empty() => {
            let why = "This network has no base fees, and takes no authorizationList.";
            return Err(Failure::new(Code::ChainRefused).saying(why));
        }
        (Some(FeeQuote::Legacy { gas_price }), None, None) => Price::One(gas_price),
        (Some(quote), most, tip) => {
            let (usual_most, usual_tip) = match quote {
                FeeQuote::Dynamic {
                    max_fee_per_gas,
                    max_priority_fee_per_gas,
                    ..
                } => (max_fee_per_gas, max_priority_fee_per_gas),
                FeeQuote::Legacy { gas_price } => (gas_price, gas_price),
            };
            let most = most.unwrap_or_else(|| usual_most.max(tip.unwrap_or_default()));
            Price::MostAndTip(most, tip.unwrap_or_else(|| usual_tip.min(most)))
        }
        (None, ..) => needed.unwrap_or(Price::MostAndTip(0, 0)),
    };
    if options.most.is_some() || options.tip.is_some() {
        must_be_allowed(account, price)?;
        must_replace(price, needed)?;
        return Ok(price);
    }
    let price = match needed {
        None => price,
        Some(needed) => raised(price, needed, options.authorizations.is_empty()),
    };
    let (most, tip) = price.both();
    if most > account.client.max_fee() || (matches!(price, Price::MostAndTip(..)) && tip > account.client.max_tip()) {
        let why = format!(
            "A replacement has to offer more than what it replaces, and that is past the most that is paid on this network: see `networks.{}.max_fee_gwei` and `max_tip_gwei`.",
            account.network.code
        );
        return Err(Failure::new(Code::Conflict).saying(why));
    }
    Ok(price)
}

/// What `needed` asks for and the network's own, the higher of each. Where one price is replaced it is by one price, if that
/// `may_be_one`: as a tip it would soon be past what is paid for tips.
fn raised(price: Price, needed: Price, may_be_one: bool) -> Price {
    let (most, tip) = needed.both();
    match (price, needed) {
        (Price::One(own), _) => Price::One(own.max(most)),
        (Price::MostAndTip(own, _), Price::One(price)) if may_be_one => Price::One(own.max(price)),
        (Price::MostAndTip(own_most, own_tip), _) => Price::MostAndTip(own_most.max(most), own_tip.max(tip)),
    }
}

/// The least that nodes take in the place of a send: a tenth more of both, and more of each.
fn least(replaced: &Send) -> Result<Price, Failure> {
    let (transaction, _) = Transaction::parse_signed(&replaced.raw)
        .map_err(|error| Failure::internal(format!("send {}: {error}", replaced.id)))?;
    Ok(match Price::of(&transaction.fees) {
        Price::One(price) => Price::One(a_tenth_more(price)),
        Price::MostAndTip(most, tip) => Price::MostAndTip(a_tenth_more(most), a_tenth_more(tip)),
    })
}

const fn a_tenth_more(price: u128) -> u128 {
    let tenth = price.div_ceil(10);
    price.saturating_add(if tenth == 0 { 1 } else { tenth })
}

fn must_replace(price: Price, needed: Option<Price>) -> Result<(), Failure> {
    let Some((least_most, least_tip)) = needed.map(Price::both) else {
        return Ok(());
    };
    let (most, tip) = price.both();
    if most >= least_most && tip >= least_tip {
        return Ok(());
    }
    Err(match price {
        Price::One(_) => invalid(
            "gasPrice",
            &format!(
                "has to be a tenth above what the send with this nonce offers: at least {least_most} wei. Leave it out, and it is."
            ),
        ),
        Price::MostAndTip(..) => invalid(
            "maxFeePerGas",
            &format!(
                "and maxPriorityFeePerGas have to be a tenth above those of the send with this nonce: at least {least_most} and {least_tip} wei. Leave them out, and they are."
            ),
        ),
    })
}

/// Whether the operator lets this much be paid.
fn must_be_allowed(account: &Account<'_>, price: Price) -> Result<(), Failure> {
    account.network.must_allow_price("", price)?;
    match price {
        Price::MostAndTip(most, tip) if tip > most => Err(invalid(
            "maxPriorityFeePerGas",
            "is more than maxFeePerGas, which holds it.",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_replacement_offers_more_even_of_nothing() {
        assert_eq!([0, 1, 9, 10, 11, 100].map(a_tenth_more), [1, 2, 10, 11, 13, 110]);
        let needed = Some(Price::MostAndTip(110, 11));
        assert!(must_replace(Price::MostAndTip(110, 11), needed).is_ok());
        assert!(must_replace(Price::MostAndTip(200, 10), needed).is_err());
        assert!(must_replace(Price::One(109), needed).is_err());
        let (own, one, two) = (Price::MostAndTip(500, 1), Price::One(110), Price::MostAndTip(110, 11));
        assert_eq!(raised(own, two, true), Price::MostAndTip(500, 11));
        assert_eq!(raised(Price::One(5), two, true), one);
        assert_eq!(raised(own, one, true), Price::One(500));
        assert_eq!(raised(Price::MostAndTip(50, 1), one, true), one);
        // What delegates has no gas price.
        assert_eq!(raised(own, one, false), Price::MostAndTip(500, 110));
    }

    proptest! {
        #[test]
        fn a_tenth_more_is_never_less(price in 0_u128..u128::MAX / 2) {
            let more = a_tenth_more(price);
            prop_assert!(more > price && more - price >= price / 10);
        }
    }
}
