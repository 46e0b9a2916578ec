//! Transactions: legacy with a chain id (EIP-155), 2930, 1559 and 7702.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::{
    AccessListItem, Signature, SignedAuthorization, TransactionError, access_list, authorization,
    rlp::{Fields as RlpFields, List},
};

/// More than any node relays (128 KiB).
const MOST_BYTES: usize = 256 * 1024;
const ACCESS_LIST: u8 = 1;
const DYNAMIC: u8 = 2;
const SET_CODE: u8 = 4;

/// How a transaction pays, which is what its type is about. Prices are in wei for one unit of gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fees {
    /// One price; signed with the chain id (EIP-155).
    Legacy {
        /// What each unit costs.
        gas_price: u128,
    },
    /// Type 1 (EIP-2930).
    AccessList {
        /// What each unit costs.
        gas_price: u128,
        /// What it will touch.
        access_list: Vec<AccessListItem>,
    },
    /// Type 2 (EIP-1559).
    Dynamic {
        /// The most that a unit may cost, tip and all.
        max_fee_per_gas: u128,
        /// The tip in it.
        max_priority_fee_per_gas: u128,
        /// What it will touch.
        access_list: Vec<AccessListItem>,
    },
    /// Type 4 (EIP-7702).
    SetCode {
        /// The most that a unit may cost, tip and all.
        max_fee_per_gas: u128,
        /// The tip in it.
        max_priority_fee_per_gas: u128,
        /// What it will touch.
        access_list: Vec<AccessListItem>,
        /// The accounts that get code, at least one.
        authorizations: Vec<SignedAuthorization>,
    },
}

/// A transaction before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The chain it is for, never zero.
    pub chain_id: u64,
    /// The sender's.
    pub nonce: u64,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// `None` creates a contract.
    pub to: Option<Address>,
    /// In wei.
    pub value: U256,
    /// The call, or the new contract's code.
    pub data: Vec<u8>,
    /// How it pays.
    pub fees: Fees,
}

impl Transaction {
    /// Reads an unsigned transaction: the bytes whose hash is signed.
    ///
    /// # Errors
    /// [`TransactionError`]; a legacy one without chain id is [`TransactionError::NoChain`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TransactionError> {
        match Self::decode(bytes)? {
            (transaction, None) => Ok(transaction),
            (_, Some(_)) => Err(TransactionError::Signed),
        }
    }

    /// Reads a signed transaction.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); [`TransactionError::Unsigned`].
    pub fn parse_signed(bytes: &[u8]) -> Result<(Self, Signature), TransactionError> {
        match Self::decode(bytes)? {
            (transaction, Some(signature)) => Ok((transaction, signature)),
            (_, None) => Err(TransactionError::Unsigned),
        }
    }

    /// What is signed.
    #[must_use]
    pub fn signing_hash(&self) -> B256 {
        keccak256(self.encode(None))
    }

    /// The bytes to sign, or with the signature those to send.
    pub(super) fn encode(&self, signature: Option<&Signature>) -> Vec<u8> {
        let list = List::default();
        match &self.fees {
            Fees::Legacy { gas_price } => {
                let list = self.rest(list.put(&self.nonce).put(gas_price));
                match signature {
                    None => list.put(&self.chain_id).put(&0_u8).put(&0_u8),
                    Some(Signature { r, s, y_parity }) => {
                        let v = u128::from(self.chain_id) * 2 + 35 + u128::from(*y_parity);
                        list.put(&v).put(r).put(s)
                    }
                }
                .finish(&[])
            }
            Fees::AccessList { gas_price, access_list } => self
                .rest(list.put(&self.chain_id).put(&self.nonce).put(gas_price))
                .list(&access_list::encode(access_list))
                .signature(signature)
                .finish(&[ACCESS_LIST]),
            Fees::Dynamic {
                max_fee_per_gas,
                max_priority_fee_per_gas,
                access_list,
            } => self
                .rest(self.head(*max_fee_per_gas, *max_priority_fee_per_gas))
                .list(&access_list::encode(access_list))
                .signature(signature)
                .finish(&[DYNAMIC]),
            Fees::SetCode {
                max_fee_per_gas,
                max_priority_fee_per_gas,
                access_list,
                authorizations,
            } => self
                .rest(self.head(*max_fee_per_gas, *max_priority_fee_per_gas))
                .list(&access_list::encode(access_list))
                .list(&authorization::encode(authorizations))
                .signature(signature)
                .finish(&[SET_CODE]),
        }
    }

    fn head(&self, max_fee: u128, tip: u128) -> List {
        List::default()
            .put(&self.chain_id)
            .put(&self.nonce)
            .put(&tip)
            .put(&max_fee)
    }

    /// The four fields that all types have in one order.
    fn rest(&self, list: List) -> List {
        list.put(&self.gas_limit)
            .recipient(self.to)
            .put(&self.value)
            .bytes(&self.data)
    }

    fn decode(bytes: &[u8]) -> Result<(Self, Option<Signature>), TransactionError> {
        if bytes.len() > MOST_BYTES {
            return Err(TransactionError::TooLong);
        }
        let (transaction, signature) = match bytes.split_first() {
            None => return Err(TransactionError::Empty),
            Some((0xc0.., _)) => Self::decode_legacy(bytes)?,
            Some((&kind @ (ACCESS_LIST | DYNAMIC | SET_CODE), list)) => Self::decode_typed(kind, list)?,
            Some((&kind, _)) => return Err(TransactionError::Kind(kind)),
        };
        transaction.check()?;
        Ok((transaction, signature))
    }

    fn decode_legacy(bytes: &[u8]) -> Result<(Self, Option<Signature>), TransactionError> {
        let mut list = RlpFields::of(bytes, "transaction")?;
        let nonce = list.take("nonce")?;
        let fees = Fees::Legacy {
            gas_price: list.take("gasPrice")?,
        };
        let mut transaction = Self::decode_rest(&mut list, 0, nonce, fees)?;
        if list.is_empty() {
            return Err(TransactionError::NoChain);
        }
        let v: u128 = list.take("v")?;
        let (r, s): (U256, U256) = (list.take("r")?, list.take("s")?);
        list.end()?;
        if r.is_zero() && s.is_zero() {
            transaction.chain_id = v.try_into().map_err(|_| TransactionError::Field("v"))?;
            return Ok((transaction, None));
        }
        let v = v.checked_sub(35).ok_or(TransactionError::NoChain)?;
        transaction.chain_id = (v / 2).try_into().map_err(|_| TransactionError::Field("v"))?;
        let y_parity = v % 2 == 1;
        Ok((transaction, Some(Signature { r, s, y_parity })))
    }

    fn decode_typed(kind: u8, bytes: &[u8]) -> Result<(Self, Option<Signature>), TransactionError> {
        let mut list = RlpFields::of(bytes, "transaction")?;
        let (chain_id, nonce) = (list.take("chainId")?, list.take("nonce")?);
        let (tip, price): (u128, u128) = if kind == ACCESS_LIST {
            (0, list.take("gasPrice")?)
        } else {
            (list.take("maxPriorityFeePerGas")?, list.take("maxFeePerGas")?)
        };
        let mut transaction = Self::decode_rest(&mut list, chain_id, nonce, Fees::Legacy { gas_price: 0 })?;
        let access_list = access_list::decode(list.list("accessList")?)?;
        transaction.fees = match kind {
            ACCESS_LIST => Fees::AccessList {
                gas_price: price,
                access_list,
            },
            DYNAMIC => Fees::Dynamic {
                max_fee_per_gas: price,
                max_priority_fee_per_gas: tip,
                access_list,
            },
            _ => Fees::SetCode {
                max_fee_per_gas: price,
                max_priority_fee_per_gas: tip,
                access_list,
                authorizations: authorization::decode(list.list("authorizationList")?)?,
            },
        };
        let signature = if list.is_empty() { None } else { Some(list.signature()?) };
        list.end()?;
        Ok((transaction, signature))
    }

    fn decode_rest(list: &mut RlpFields<'_>, chain_id: u64, nonce: u64, fees: Fees) -> Result<Self, TransactionError> {
        Ok(Self {
            chain_id,
            nonce,
            gas_limit: list.take("gasLimit")?,
            to: list.recipient("to")?,
            value: list.take("value")?,
            data: list.bytes("data")?.to_vec(),
            fees,
        })
    }
}
