//! The private key of an account.

use super::{Address, CompileError, Instruction, Message, ParseError, Priority, TokenTransfer, Transaction, program};
use crate::SigningKey;

/// The private key of an account, for one operation.
pub struct Key(SigningKey);

impl Key {
    pub(in super::super) fn new(seed: &[u8]) -> Option<Self> {
        SigningKey::from_seed(seed).ok().map(Self)
    }

    /// Whose key it is.
    #[must_use]
    pub const fn address(&self) -> Address {
        Address(self.0.public())
    }

    /// Signs a message as wallets do: its bytes as they are.
    ///
    /// # Errors
    /// [`MessageError`] for bytes that a node could take for a transaction.
    pub fn sign_message(&self, message: &[u8]) -> Result<[u8; 64], MessageError> {
        // No text in UTF-8 starts with these bytes; a message of this or a later version does.
        let versioned = message.first().is_some_and(|first| (0x80..0xc0).contains(first));
        if versioned || Message::parse(message).is_ok() || Transaction::parse(message).is_ok() {
            return Err(MessageError);
        }
        Ok(self.0.sign(message))
    }

    /// Adds this account's signature to a transaction that may have or await others'.
    ///
    /// # Errors
    /// [`SignError::NotASigner`]; [`SignError::Parse`] if the message was changed since it was read.
    pub fn sign_transaction(&self, transaction: &Transaction) -> Result<Transaction, SignError> {
        // Each message has one encoding, so these are the bytes it was read from.
        transaction.message.check()?;
        let address = self.address();
        let place = transaction.message.signer_keys().iter().position(|key| *key == address);
        let mut signed = transaction.clone();
        let signature = place
            .and_then(|place| signed.signatures.get_mut(place))
            .ok_or(SignError::NotASigner)?;
        *signature = self.0.sign(&transaction.message.to_bytes());
        Ok(signed)
    }

    /// Makes and signs a transaction of any instructions, paid by this account.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn sign_instructions(
        &self,
        instructions: &[Instruction],
        priority: Option<Priority>,
        blockhash: [u8; 32],
    ) -> Result<Transaction, CompileError> {
        let message = Message::with_priority(self.address(), instructions, priority, blockhash)?;
        let transaction = Transaction::unsigned(message);
        Ok(self
            .sign_transaction(&transaction)
            .expect("the payer is the first signer of what was just compiled"))
    }

    /// Makes and signs a transfer of lamports.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn sign_transfer(
        &self,
        to: Address,
        lamports: u64,
        priority: Option<Priority>,
        blockhash: [u8; 32],
    ) -> Result<Transaction, CompileError> {
        let transfer = program::transfer(self.address(), to, lamports);
        self.sign_instructions(&[transfer], priority, blockhash)
    }

    /// Makes and signs a transfer of a token.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn sign_token_transfer(
        &self,
        transfer: &TokenTransfer,
        priority: Option<Priority>,
        blockhash: [u8; 32],
    ) -> Result<Transaction, CompileError> {
        let instructions = transfer
            .instructions(self.address())
            .ok_or(CompileError::TokenProgram)?;
        self.sign_instructions(&instructions, priority, blockhash)
    }
}

/// A message that is, or could be taken for, a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is a Solana transaction: sign it as one")]
pub struct MessageError;

/// Why a Solana transaction is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// It does not ask for this account's signature.
    #[error("this wallet is no signer of the Solana transaction: make it the payer, or a signer of an instruction")]
    NotASigner,
    /// The network would refuse it.
    #[error(transparent)]
    Parse(#[from] ParseError),
}
