//! Tokens of ERC-20, as they say themselves.

use aboard_vault::wallet::evm::{Address, U256};

use super::{Call, Client, abi};
use crate::chains::ChainFailure;

/// The letters of a symbol that are kept.
const LONGEST_SYMBOL: usize = 32;

/// What a token says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its short name; empty where it has none. Anybody can take any name.
    pub symbol: String,
    /// Where the point stands in its amounts: 6 makes 1500000 read 1.5. `None`: it does not say, so that no amount with a
    /// point can be meant.
    pub decimals: Option<u8>,
}

/// Why a token cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenError {
    /// There is no ERC-20 token at this address.
    NotAToken,
    /// The chain gave no answer.
    Chain(ChainFailure),
}

impl From<ChainFailure> for TokenError {
    fn from(failure: ChainFailure) -> Self {
        match failure {
            // Whatever it is, it has no such call.
            ChainFailure::Refused(_) => Self::NotAToken,
            other => Self::Chain(other),
        }
    }
}

impl Client {
    /// What an account has of a token, in its smallest units.
    ///
    /// # Errors
    /// [`TokenError::NotAToken`] for an address that answers no balance.
    pub async fn token_balance(&self, token: Address, account: Address) -> Result<U256, TokenError> {
        let result = self.ask_token(token, abi::balance_of(account)).await?;
        abi::read_number(&result).ok_or(TokenError::NotAToken)
    }

    /// Symbol and decimals of a token. Both are optional in ERC-20.
    ///
    /// # Errors
    /// [`TokenError::NotAToken`] for decimals that no token has.
    pub async fn token(&self, token: Address) -> Result<Token, TokenError> {
        let symbol = match self.ask_token(token, abi::symbol()).await {
            Ok(result) => abi::read_text(&result, LONGEST_SYMBOL).unwrap_or_default(),
            Err(TokenError::NotAToken) => String::new(),
            Err(failed) => return Err(failed),
        };
        let decimals = match self.ask_token(token, abi::decimals()).await {
            Ok(result) if result.is_empty() => None,
            Ok(result) => {
                let number = abi::read_number(&result).ok_or(TokenError::NotAToken)?;
                Some(u8::try_from(number).map_err(|_| TokenError::NotAToken)?)
            }
            Err(TokenError::NotAToken) => None,
            Err(failed) => return Err(failed),
        };
        Ok(Token { symbol, decimals })
    }

    async fn ask_token(&self, token: Address, data: Vec<u8>) -> Result<Vec<u8>, TokenError> {
        let call = Call {
            to: Some(token),
            data,
            ..Call::default()
        };
        Ok(self.call(&call).await?)
    }
}
