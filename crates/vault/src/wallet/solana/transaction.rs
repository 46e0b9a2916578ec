//! Transactions: a message and its signatures.

use super::{
    Address, Message, ParseError,
    message::MOST_BYTES,
    reader::{Reader, push_length},
};

const MISSING: [u8; 64] = [0; 64];

/// A transaction. Its id is the first signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// One for each signer of the message, in the order of its keys; zeros where one is to come.
    pub signatures: Vec<[u8; 64]>,
    /// What is signed.
    pub message: Message,
}

impl Transaction {
    /// A transaction without signatures.
    #[must_use]
    pub fn unsigned(message: Message) -> Self {
        Self {
            signatures: vec![MISSING; usize::from(message.signers)],
            message,
        }
    }

    /// Reads a transaction and nothing after it.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() > MOST_BYTES {
            return Err(ParseError::TooLong);
        }
        let mut reader = Reader(bytes);
        let signatures = reader.list(Reader::array)?;
        let message = Message::parse(reader.0)?;
        let expected = usize::from(message.signers);
        if signatures.len() != expected {
            return Err(ParseError::Signatures {
                found: signatures.len(),
                expected,
            });
        }
        Ok(Self { signatures, message })
    }

    /// The bytes for `sendTransaction`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let message = self.message.to_bytes();
        let mut out = Vec::with_capacity(1 + 64 * self.signatures.len() + message.len());
        // A message has at most 255 signers.
        push_length(&mut out, u16::try_from(self.signatures.len()).unwrap_or(u16::MAX));
        for signature in &self.signatures {
            out.extend_from_slice(signature);
        }
        out.extend_from_slice(&message);
        out
    }

    /// The id that the chain knows it by, once its payer has signed.
    #[must_use]
    pub fn id(&self) -> Option<[u8; 64]> {
        self.signatures.first().copied().filter(|id| *id != MISSING)
    }

    /// Those who have not signed yet.
    #[must_use]
    pub fn missing(&self) -> Vec<Address> {
        let keys = self.message.signer_keys().iter().zip(&self.signatures);
        keys.filter(|(_, signature)| **signature == MISSING)
            .map(|(key, _)| *key)
            .collect()
    }
}
