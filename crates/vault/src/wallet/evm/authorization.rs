//! Delegation of an account to a contract's code (EIP-7702).

use alloy_primitives::{Address, B256, keccak256};

use super::{
    Signature, TransactionError,
    rlp::{Fields, List},
};

const MAGIC: u8 = 0x05;

/// What an account signs to run `address`'s code as its own from then on. That code can then do
/// whatever the account can: sign only for contracts on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The one chain it is for. Zero would mean every chain, and is refused.
    pub chain_id: u64,
    /// The contract.
    pub address: Address,
    /// The nonce that the account has when this is used.
    pub nonce: u64,
}

impl Authorization {
    /// What is signed: `keccak256(0x05 ‖ rlp([chain_id, address, nonce]))`.
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.fields().finish(&[MAGIC]))
    }

    fn fields(&self) -> List {
        List::default().put(&self.chain_id).put(&self.address).put(&self.nonce)
    }
}

/// An [`Authorization`] with its signature, as it stands in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedAuthorization {
    /// What was signed.
    pub authorization: Authorization,
    /// By the account that delegates.
    pub signature: Signature,
}

impl SignedAuthorization {
    /// The account that delegates, or `None` if the signature is nobody's.
    #[must_use]
    pub fn authority(&self) -> Option<Address> {
        self.signature.recover(&self.authorization.hash())
    }
}

pub(super) fn decode(mut items: Fields<'_>) -> Result<Vec<SignedAuthorization>, TransactionError> {
    const NAME: &str = "authorizationList";
    let mut out = Vec::new();
    while !items.is_empty() {
        let mut item = items.list(NAME)?;
        let authorization = Authorization {
            chain_id: item.take(NAME)?,
            address: item.take(NAME)?,
            nonce: item.take(NAME)?,
        };
        let signature = item.signature()?;
        item.end()?;
        out.push(SignedAuthorization {
            authorization,
            signature,
        });
    }
    Ok(out)
}

pub(super) fn encode(items: &[SignedAuthorization]) -> Vec<u8> {
    let mut out = List::default();
    for item in items {
        let fields = item.authorization.fields().signature(Some(&item.signature));
        out = out.list(&fields.finish(&[]));
    }
    out.finish(&[])
}
