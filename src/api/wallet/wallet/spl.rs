//! Tokens of Solana, by their mints.

use aboard_vault::wallet::solana::{Address, Mint};

use super::evm_action::asking_decimals;
use super::wrong;
use crate::chains::solana::Client;
use crate::web::{Failure, Fields};

/// The mint that a field names.
pub fn mint(field: &str, fields: &mut Fields) -> Result<Address, Failure> {
    let text = fields.text(field)?;
    Address::parse(&text).map_err(|error| wrong(field, error))
}

/// The token of a mint that is to be sent.
pub async fn token_to_send(client: &Client, field: &str, mint: Address) -> Result<Mint, Failure> {
    let token = client
        .token_to_send(mint)
        .await
        .map_err(|failure| asking_decimals(failure.into()))?;
    token.map_err(|error| wrong(field, error))
}

/// The token of a mint, and what it calls itself.
pub async fn token(client: &Client, field: &str, mint: Address) -> Result<(Mint, Option<String>), Failure> {
    client.token(mint).await?.map_err(|error| wrong(field, error))
}
