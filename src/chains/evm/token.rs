//! Tokens of ERC-20, as they say themselves.

use aboard_vault::wallet::evm::{Address, U256};
use serde_json::{Value, json};

use super::{Call, Client, LONGEST_RESULT, abi, wire};
use crate::chains::ChainFailure;
use crate::config::MOST_DECIMALS;

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

    /// Symbol and decimals of a token, to be shown. Both are optional in ERC-20.
    ///
    /// # Errors
    /// [`TokenError::NotAToken`] for decimals that no token has.
    pub async fn token(&self, token: Address) -> Result<Token, TokenError> {
        let symbol = match self.ask_token(token, abi::symbol()).await {
            Ok(result) => abi::read_text(&result, LONGEST_SYMBOL).unwrap_or_default(),
            Err(TokenError::NotAToken) => String::new(),
            Err(failed) => return Err(failed),
        };
        let decimals = match self.pinned.get(&token) {
            Some(decimals) => Some(*decimals),
            None => read_decimals(self.ask_token(token, abi::decimals()).await)?,
        };
        Ok(Token { symbol, decimals })
    }

    /// The decimals of a token whose amount is to be signed: those of the configuration, or else what two nodes say alike.
    /// Where there is one node alone, its word is taken: one that lies moves the point.
    ///
    /// # Errors
    /// As [`token`](Self::token), and [`ChainFailure::Lied`] where the nodes do not agree.
    pub async fn decimals(&self, token: Address) -> Result<Option<u8>, TokenError> {
        if let Some(decimals) = self.pinned.get(&token) {
            return Ok(Some(*decimals));
        }
        let params = json!([token_call(token, abi::decimals()).json(), "latest"]);
        let read = |value: &Value| wire::bytes(value, LONGEST_RESULT);
        let said = self.rpc.agreed("the token's decimals", "eth_call", &params, read).await;
        read_decimals(said.map_err(|problem| ChainFailure::from(problem).into()))
    }

    async fn ask_token(&self, token: Address, data: Vec<u8>) -> Result<Vec<u8>, TokenError> {
        Ok(self.call(&token_call(token, data)).await?)
    }
}

fn token_call(token: Address, data: Vec<u8>) -> Call {
    Call {
        to: Some(token),
        data,
        ..Call::default()
    }
}

fn read_decimals(said: Result<Vec<u8>, TokenError>) -> Result<Option<u8>, TokenError> {
    let result = match said {
        Ok(result) if result.is_empty() => return Ok(None),
        Ok(result) => result,
        Err(TokenError::NotAToken) => return Ok(None),
        Err(failed) => return Err(failed),
    };
    let number = abi::read_number(&result).and_then(|number| u8::try_from(number).ok());
    let decimals = number.filter(|decimals| *decimals <= MOST_DECIMALS);
    decimals.map(Some).ok_or(TokenError::NotAToken)
}
