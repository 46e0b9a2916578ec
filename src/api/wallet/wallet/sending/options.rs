//! What a caller says of nonce, gas and fees. What it leaves out the network is asked for.

use aboard_vault::wallet::evm::{AccessListItem, Fees, SignedAuthorization, Transaction, U256};
use serde_json::Map;

use super::super::ceiling::Price;
use super::super::evm_json::{lists, quantity, to_u64};
use super::price::Found;
use crate::chains::evm::Call;
use crate::domain::Invalid;
use crate::web::{Failure, Fields};

/// What a caller says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The nonce.
    pub nonce: Option<u64>,
    /// The most gas that may be used.
    pub gas_limit: Option<u64>,
    /// One price for a unit of gas, in wei.
    pub gas_price: Option<u128>,
    /// The most that a unit may cost, tip and all.
    pub most: Option<u128>,
    /// The tip in it.
    pub tip: Option<u128>,
    /// What will be touched (EIP-2930).
    pub access_list: Option<Vec<AccessListItem>>,
    /// The accounts that get code (EIP-7702).
    pub authorizations: Vec<SignedAuthorization>,
    /// Whether the same may be sent twice within a minute.
    pub allow_duplicate: bool,
}

impl Options {
    /// What stands beside the fields that say what is sent.
    pub fn beside(fields: &mut Fields) -> Result<Self, Failure> {
        let mut none = Fields::new(Map::new());
        Self::read(&mut none, fields)
    }

    /// What stands in a transaction, or beside it.
    pub fn read(inside: &mut Fields, beside: &mut Fields) -> Result<Self, Failure> {
        let allow_duplicate = beside.optional_bool("allowDuplicate")?.unwrap_or_default();
        let (access_list, authorizations) = lists(inside)?;
        let mut fitting = |name: &str| number(name, inside, beside);
        let nonce = small("nonce", fitting("nonce")?)?;
        // Its name in the libraries that people come from.
        let gas_limit = match small("gasLimit", fitting("gasLimit")?)? {
            Some(gas) => Some(gas),
            None => small("gas", fitting("gas")?)?,
        };
        let mut price = |name: &str| {
            let found = fitting(name)?;
            fits(name, found, |price| u128::try_from(price).ok())
        };
        let (gas_price, most, tip) = (
            price("gasPrice")?,
            price("maxFeePerGas")?,
            price("maxPriorityFeePerGas")?,
        );
        if gas_price.is_some() && (most.is_some() || tip.is_some() || !authorizations.is_empty()) {
            let why = "excludes maxFeePerGas, maxPriorityFeePerGas and authorizationList. Send one kind.";
            return Err(invalid("gasPrice", why));
        }
        if let (Some(most), Some(tip)) = (most, tip)
            && tip > most
        {
            return Err(invalid(
                "maxPriorityFeePerGas",
                "is more than maxFeePerGas, which holds it.",
            ));
        }
        Ok(Self {
            nonce,
            gas_limit,
            gas_price,
            most,
            tip,
            access_list,
            authorizations,
            allow_duplicate,
        })
    }

    /// The transaction that these options make of a call; its nonce comes later.
    pub fn transaction(&self, chain_id: u64, call: &Call, found: Found) -> Transaction {
        let fees = match found.price {
            Price::One(gas_price) => match &self.access_list {
                None => Fees::Legacy { gas_price },
                Some(access_list) => Fees::AccessList {
                    gas_price,
                    access_list: access_list.clone(),
                },
            },
            Price::MostAndTip(max_fee_per_gas, max_priority_fee_per_gas) => {
                let access_list = self.access_list.clone().unwrap_or_default();
                if self.authorizations.is_empty() {
                    Fees::Dynamic {
                        max_fee_per_gas,
                        max_priority_fee_per_gas,
                        access_list,
                    }
                } else {
                    Fees::SetCode {
                        max_fee_per_gas,
                        max_priority_fee_per_gas,
                        access_list,
                        authorizations: self.authorizations.clone(),
                    }
                }
            }
        };
        Transaction {
            chain_id,
            nonce: 0,
            gas_limit: found.gas_limit,
            to: call.to,
            value: call.value,
            data: call.data.clone(),
            fees,
        }
    }
}

/// What is wrong with a field.
pub fn invalid(field: &str, why: &str) -> Failure {
    Failure::field(field, Invalid::new(format!("{field} {why}")))
}

/// A quantity of the transaction, or of the call beside it.
fn number(name: &str, inside: &mut Fields, beside: &mut Fields) -> Result<Option<U256>, Failure> {
    let value = inside.optional_value(name).or_else(|| beside.optional_value(name));
    let Some(value) = value else {
        return Ok(None);
    };
    let why = "must be a whole number, or a text of one in decimal or hex. Prices are in wei.";
    let number = quantity(&value).ok_or_else(|| invalid(name, why).holding(value))?;
    Ok(Some(number))
}

fn small(name: &str, found: Option<U256>) -> Result<Option<u64>, Failure> {
    // Nonces beyond this no chain takes (EIP-2681), and no row here.
    fits(name, found, |number| {
        to_u64(number).filter(|number| i64::try_from(*number).is_ok())
    })
}

fn fits<T>(name: &str, found: Option<U256>, fit: impl FnOnce(U256) -> Option<T>) -> Result<Option<T>, Failure> {
    let Some(found) = found else {
        return Ok(None);
    };
    let fitted = fit(found).ok_or_else(|| invalid(name, "is larger than any chain takes."))?;
    Ok(Some(fitted))
}
