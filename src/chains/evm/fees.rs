//! What a unit of gas costs, from what the newest blocks took, and never above the operator's ceiling.

use serde_json::{Value, json};

use super::{Client, GWEI, wire};
use crate::chains::ChainFailure;
use crate::chains::endpoints::Problem;

/// What a transaction should offer now, in wei for one unit of gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeQuote {
    /// A chain with base fees (EIP-1559).
    Dynamic {
        /// What the next block takes from everybody.
        base_fee: u128,
        /// The most that may be paid, tip and all: two base fees and the tip, which holds for six full blocks.
        max_fee_per_gas: u128,
        /// The tip that others pay.
        max_priority_fee_per_gas: u128,
    },
    /// A chain without.
    Legacy {
        /// The price.
        gas_price: u128,
    },
}

impl FeeQuote {
    /// What a unit would cost in the next block.
    #[must_use]
    pub const fn gas_price(&self) -> u128 {
        match self {
            Self::Dynamic {
                base_fee,
                max_priority_fee_per_gas,
                ..
            } => base_fee.saturating_add(*max_priority_fee_per_gas),
            Self::Legacy { gas_price } => *gas_price,
        }
    }

    /// The most that a unit may cost.
    #[must_use]
    pub const fn most(&self) -> u128 {
        match self {
            Self::Dynamic { max_fee_per_gas, .. } => *max_fee_per_gas,
            Self::Legacy { gas_price } => *gas_price,
        }
    }
}

/// What `eth_feeHistory` says: the next base fee, and what the blocks' middle transaction tipped, where they had one.
struct History {
    next_base_fee: u128,
    tips: Vec<u128>,
}

const BLOCKS: usize = 10;

impl Client {
    /// What a transaction should offer now.
    ///
    /// # Errors
    /// [`ChainFailure::Refused`] where less than the ceiling of the configuration would not do.
    pub async fn fees(&self) -> Result<FeeQuote, ChainFailure> {
        let params = json!([format!("{BLOCKS:#x}"), "latest", [50]]);
        let history = match self.rpc.ask("eth_feeHistory", &params, history).await {
            Ok(history) => history,
            // It knows no such call.
            Err(Problem::Refused { .. }) => None,
            Err(problem) => return Err(problem.into()),
        };
        match history {
            // A base fee of nothing says nothing: chains that have none at all write it so.
            Some(history) if history.next_base_fee > 0 => {
                let tip = self.tip(history.tips).await?;
                self.dynamic(history.next_base_fee, tip)
            }
            _ => {
                let gas_price = self.rpc.ask("eth_gasPrice", &json!([]), wire::price).await?;
                if gas_price > self.max_fee {
                    return Err(self.too_dear(gas_price));
                }
                Ok(FeeQuote::Legacy { gas_price })
            }
        }
    }

    /// The middle of what was tipped; where nobody tipped, what the node proposes.
    async fn tip(&self, mut tips: Vec<u128>) -> Result<u128, ChainFailure> {
        tips.retain(|tip| *tip > 0);
        tips.sort_unstable();
        let tip = match tips.get(tips.len() / 2) {
            Some(tip) => *tip,
            None => match self.rpc.ask("eth_maxPriorityFeePerGas", &json!([]), wire::price).await {
                Ok(tip) => tip,
                Err(Problem::Refused { .. }) => 0,
                Err(problem) => return Err(problem.into()),
            },
        };
        Ok(tip.min(self.max_tip))
    }

    fn dynamic(&self, base_fee: u128, tip: u128) -> Result<FeeQuote, ChainFailure> {
        let needed = base_fee.saturating_add(tip);
        if needed > self.max_fee {
            return Err(self.too_dear(needed));
        }
        Ok(FeeQuote::Dynamic {
            base_fee,
            max_fee_per_gas: base_fee.saturating_mul(2).saturating_add(tip).min(self.max_fee),
            max_priority_fee_per_gas: tip,
        })
    }

    fn too_dear(&self, price: u128) -> ChainFailure {
        let (found, most) = (price.div_ceil(GWEI), self.max_fee / GWEI);
        ChainFailure::Refused(format!(
            "a unit of gas costs {found} gwei now, more than the {most} gwei that this server pays on this network"
        ))
    }
}

/// `None` inside: blocks of a chain without base fees.
#[expect(
    clippy::option_option,
    reason = "outside: whether it can be read; inside: whether it is there"
)]
fn history(value: &Value) -> Option<Option<History>> {
    let Some(base_fees) = value.get("baseFeePerGas").and_then(Value::as_array) else {
        return value.is_object().then_some(None);
    };
    let Some(next) = base_fees.last() else {
        return Some(None);
    };
    if base_fees.len() > BLOCKS + 1 {
        return None;
    }
    let rewards = value
        .get("reward")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let tips = rewards.iter().take(BLOCKS).map(|block| wire::price(block.get(0)?));
    Some(Some(History {
        next_base_fee: wire::price(next)?,
        tips: tips.collect::<Option<_>>()?,
    }))
}
