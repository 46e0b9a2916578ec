//! Addresses: 32 bytes, in base58.

use std::fmt;

use bitcoin::base58;

use super::program;

/// A Solana address: the public key of an account, or the address of a program or its data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 32]);

impl Address {
    /// Reads 32 to 44 characters of base58 that are 32 bytes.
    ///
    /// # Errors
    /// [`SolanaAddressError`]. There is no checksum: a typo can give another address.
    pub fn parse(text: &str) -> Result<Self, SolanaAddressError> {
        if !(32..=44).contains(&text.len()) {
            return Err(SolanaAddressError);
        }
        let bytes = base58::decode(text).map_err(|_| SolanaAddressError)?;
        bytes.try_into().map(Self).map_err(|_| SolanaAddressError)
    }

    /// Whether it is SPL Token or Token-2022: what these own is a token, or somebody's account for one.
    #[must_use]
    pub fn is_token_program(&self) -> bool {
        *self == program::token() || *self == program::token_2022()
    }

    /// An address that is written in this crate.
    pub(super) fn known(text: &str) -> Self {
        Self::parse(text).expect("the addresses of programs are written right, as a test checks")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base58::encode(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a Solana address is 32 bytes in base58, 32 to 44 characters: check it")]
pub struct SolanaAddressError;
