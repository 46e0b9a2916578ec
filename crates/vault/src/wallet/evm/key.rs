//! The private key of an account.

use alloy_primitives::{Address, B256, keccak256};

use super::{Authorization, Signature, SignedAuthorization, Summary, Transaction, TransactionError, TypedData};
use crate::wallet::curve::SecpKey;

/// The private key of an account, for one operation.
pub struct Key {
    secret: SecpKey,
    address: Address,
}

/// A transaction that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// The bytes for `eth_sendRawTransaction`. Store them before sending them.
    pub raw: Vec<u8>,
    /// The transaction's id on its chain.
    pub hash: B256,
    /// The signature in `raw`.
    pub signature: Signature,
    /// What was signed.
    pub summary: Summary,
}

impl Key {
    pub(in super::super) fn new(secret: &[u8], address: Address) -> Option<Self> {
        Some(Self {
            secret: SecpKey::from_slice(secret)?,
            address,
        })
    }

    /// Whose key it is.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a message as `personal_sign` does (EIP-191, version `0x45`).
    #[must_use]
    pub fn sign_message(&self, message: &[u8]) -> Signature {
        self.sign(message_hash(message))
    }

    /// Signs typed data (EIP-712).
    #[must_use]
    pub fn sign_typed_data(&self, data: &TypedData) -> Signature {
        self.sign(data.hash())
    }

    /// Signs 32 bytes as they are. **Nothing tells what they stand for**: they may be the hash of a
    /// transaction. Offer it only to apps that were given this right.
    #[must_use]
    pub fn sign_hash(&self, hash: [u8; 32]) -> Signature {
        self.sign(hash.into())
    }

    /// Signs a delegation of this account (EIP-7702).
    ///
    /// # Errors
    /// [`TransactionError::AnyChain`] for the chain 0.
    pub fn sign_authorization(&self, authorization: Authorization) -> Result<SignedAuthorization, TransactionError> {
        if authorization.chain_id == 0 {
            return Err(TransactionError::AnyChain);
        }
        Ok(SignedAuthorization {
            authorization,
            signature: self.sign(authorization.hash()),
        })
    }

    /// Signs a transaction.
    ///
    /// # Errors
    /// [`TransactionError`] if no chain would take it, or nobody should sign it.
    pub fn sign_transaction(&self, transaction: &Transaction) -> Result<SignedTransaction, TransactionError> {
        transaction.check()?;
        let signature = self.sign(transaction.signing_hash());
        let raw = transaction.encode(Some(&signature));
        Ok(SignedTransaction {
            hash: keccak256(&raw),
            raw,
            signature,
            summary: transaction.summary()?,
        })
    }

    fn sign(&self, hash: B256) -> Signature {
        Signature::new(self.secret.sign_recoverable(hash.0))
    }
}

/// `keccak256("\x19Ethereum Signed Message:\n" ‖ length ‖ message)`.
fn message_hash(message: &[u8]) -> B256 {
    let mut bytes = Vec::with_capacity(message.len() + 48);
    bytes.extend_from_slice(b"\x19Ethereum Signed Message:\n");
    bytes.extend_from_slice(message.len().to_string().as_bytes());
    bytes.extend_from_slice(message);
    keccak256(bytes)
}
