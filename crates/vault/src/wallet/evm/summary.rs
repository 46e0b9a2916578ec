//! What a policy has to know of a transaction.

use alloy_primitives::{Address, U256};

use super::{Fees, Transaction, TransactionError};

/// What a transaction does, as far as its bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The chain it is for.
    pub chain_id: u64,
    /// Who is paid or called; `None` creates a contract.
    pub recipient: Option<Address>,
    /// In wei.
    pub value: U256,
    /// The first four bytes of the call: which method. `None` for a plain transfer.
    pub selector: Option<[u8; 4]>,
    /// The most that fees can cost, in wei: gas limit × the highest price of gas.
    pub most_fee: U256,
    /// `value` and `most_fee` together.
    pub most_cost: U256,
    /// The delegations it carries: chain and contract (EIP-7702).
    pub delegations: Vec<(u64, Address)>,
}

impl Transaction {
    /// What it does.
    ///
    /// # Errors
    /// [`TransactionError::Cost`] if it could cost more than 256 bits can say.
    pub fn summary(&self) -> Result<Summary, TransactionError> {
        let most_fee = U256::from(self.gas_limit) * U256::from(self.highest_price());
        Ok(Summary {
            chain_id: self.chain_id,
            recipient: self.to,
            value: self.value,
            selector: self.selector(),
            most_fee,
            most_cost: self.value.checked_add(most_fee).ok_or(TransactionError::Cost)?,
            delegations: match &self.fees {
                Fees::SetCode { authorizations, .. } => authorizations
                    .iter()
                    .map(|signed| (signed.authorization.chain_id, signed.authorization.address))
                    .collect(),
                _ => Vec::new(),
            },
        })
    }

    /// That it is for this chain.
    ///
    /// # Errors
    /// [`TransactionError::OtherChain`].
    pub const fn expect_chain(&self, expected: u64) -> Result<(), TransactionError> {
        if self.chain_id == expected {
            return Ok(());
        }
        Err(TransactionError::OtherChain {
            found: self.chain_id,
            expected,
        })
    }

    /// What the types allow and no chain would take, or nobody should sign.
    pub(super) fn check(&self) -> Result<(), TransactionError> {
        if self.chain_id == 0 {
            return Err(TransactionError::NoChain);
        }
        if let Fees::Dynamic {
            max_fee_per_gas,
            max_priority_fee_per_gas,
            ..
        }
        | Fees::SetCode {
            max_fee_per_gas,
            max_priority_fee_per_gas,
            ..
        } = &self.fees
            && max_priority_fee_per_gas > max_fee_per_gas
        {
            return Err(TransactionError::TipAboveFee);
        }
        if let Fees::SetCode { authorizations, .. } = &self.fees {
            if self.to.is_none() {
                return Err(TransactionError::NoRecipient);
            }
            if authorizations.is_empty() {
                return Err(TransactionError::NoAuthorization);
            }
            if authorizations.iter().any(|signed| signed.authorization.chain_id == 0) {
                return Err(TransactionError::AnyChain);
            }
        }
        self.summary().map(drop)
    }

    const fn highest_price(&self) -> u128 {
        match &self.fees {
            Fees::Legacy { gas_price } | Fees::AccessList { gas_price, .. } => *gas_price,
            Fees::Dynamic { max_fee_per_gas, .. } | Fees::SetCode { max_fee_per_gas, .. } => *max_fee_per_gas,
        }
    }

    /// A call of a contract that does not exist yet has no method.
    fn selector(&self) -> Option<[u8; 4]> {
        self.to?;
        self.data.first_chunk::<4>().copied()
    }
}
