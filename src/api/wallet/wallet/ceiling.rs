//! The most that fees may cost on a network, as its operator set it: of what is sent and of what is only signed. A signature
//! that left this server can be sent by anybody, so both obey the same bounds. They need no node.

use aboard_vault::wallet::bitcoin::{FeeRate, Payment};
use aboard_vault::wallet::evm::Fees;
use aboard_vault::wallet::solana;

use super::Asked;
use crate::config::Network;
use crate::domain::Invalid;
use crate::web::Failure;

const GWEI: u128 = 1_000_000_000;

/// The bounds of one network; of another family's nothing is said.
#[derive(Debug, Clone, Copy)]
pub struct Ceilings {
    /// The family evm: for a unit of gas, tip and all, in wei.
    most: u128,
    /// The tip in it.
    tip: u128,
    /// Solana: millionths of a lamport for a unit of computing.
    priority: u64,
    /// Bitcoin: for size.
    rate: FeeRate,
}

impl Ceilings {
    /// As the configuration has them.
    pub fn of(network: &Network) -> Self {
        Self {
            most: u128::from(network.max_fee_gwei) * GWEI,
            tip: u128::from(network.max_tip_gwei) * GWEI,
            priority: network.max_priority_fee,
            rate: FeeRate::per_kvb(network.max_fee_rate.saturating_mul(1_000)),
        }
    }
}

/// What a transaction of the family evm pays for a unit of gas, in wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// One price.
    One(u128),
    /// The most, tip and all, and the tip in it.
    MostAndTip(u128, u128),
}

impl Price {
    /// What these fees come to.
    pub const fn of(fees: &Fees) -> Self {
        match fees {
            Fees::Legacy { gas_price } | Fees::AccessList { gas_price, .. } => Self::One(*gas_price),
            Fees::Dynamic {
                max_fee_per_gas,
                max_priority_fee_per_gas,
                ..
            }
            | Fees::SetCode {
                max_fee_per_gas,
                max_priority_fee_per_gas,
                ..
            } => Self::MostAndTip(*max_fee_per_gas, *max_priority_fee_per_gas),
        }
    }

    /// The most and the tip: of one price both are that.
    pub const fn both(self) -> (u128, u128) {
        match self {
            Self::One(price) => (price, price),
            Self::MostAndTip(most, tip) => (most, tip),
        }
    }
}

impl Asked {
    /// Whether a unit of gas may cost this much. `inside` is what stands before the names of the fields: `transaction.`.
    ///
    /// # Errors
    /// 400 that names the field and the most that it may be.
    pub fn must_allow_price(&self, inside: &str, price: Price) -> Result<(), Failure> {
        let (most, tip) = (self.ceilings.most, self.ceilings.tip);
        match price {
            Price::One(price) if price > most => Err(self.past(inside, "gasPrice", "max_fee_gwei", most)),
            Price::MostAndTip(price, _) if price > most => Err(self.past(inside, "maxFeePerGas", "max_fee_gwei", most)),
            Price::MostAndTip(_, price) if price > tip => {
                Err(self.past(inside, "maxPriorityFeePerGas", "max_tip_gwei", tip))
            }
            _ => Ok(()),
        }
    }

    fn past(&self, inside: &str, field: &str, setting: &str, most: u128) -> Failure {
        let why = format!(
            "is more than the {} gwei that this server pays on this network (`networks.{}.{setting}`). Offer {most} wei at most.",
            most / GWEI,
            self.code
        );
        refused(&format!("{inside}{field}"), &why)
    }

    /// Whether a PSBT may pay the fee that it pays.
    ///
    /// # Errors
    /// 400 where it pays more for its size, and where it does not prove what it pays.
    pub fn must_allow_psbt(&self, field: &str, payment: &Payment) -> Result<(), Failure> {
        let summary = payment.summary();
        if !summary.values_proven {
            let why = "does not prove what its inputs are worth, so its fee may be any: add the transactions that they come from (non_witness_utxo).";
            return Err(refused(field, why));
        }
        let most = self.ceilings.rate.fee(payment.weight());
        if summary.fee <= most {
            return Ok(());
        }
        let why = format!(
            "pays {} satoshi in fees, and this server pays at most {most} for its size: {} satoshi for a virtual byte (`networks.{}.max_fee_rate`). Give the rest back to the wallet.",
            summary.fee,
            self.ceilings.rate.sat_per_kvb() / 1_000,
            self.code
        );
        Err(refused(field, &why))
    }

    /// Whether a message of Solana may offer what it offers for priority. What others pay is theirs to say.
    ///
    /// # Errors
    /// 400 that says what it may offer.
    pub fn must_allow_priority(
        &self,
        field: &str,
        own: solana::Address,
        message: &solana::Message,
    ) -> Result<(), Failure> {
        let summary = message.summary();
        if summary.payer != own || summary.unit_price <= self.ceilings.priority {
            return Ok(());
        }
        let why = format!(
            "offers {} millionths of a lamport for a unit of computing, and this server pays at most {} on this network (`networks.{}.max_priority_fee`). Lower the price in its compute budget.",
            summary.unit_price, self.ceilings.priority, self.code
        );
        Err(refused(field, &why))
    }
}

fn refused(field: &str, why: &str) -> Failure {
    Failure::field(field, Invalid::new(format!("{field} {why}")))
}
