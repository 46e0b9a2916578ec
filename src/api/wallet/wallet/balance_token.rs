//! `POST /api/v{1,2}/wallet/balance-token`: what the wallet has of a token.
//!
//! ERC-20, and on Solana SPL Token and Token-2022, of which all accounts of the wallet count. The symbol is what the token
//! calls itself, which anybody may call theirs: go by the address.

use aboard_vault::wallet::evm::U256;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::evm_action::{address, no_token};
use super::{Look, shape, spl};
use crate::chains::Chain;
use crate::domain::{Invalid, show_amount};
use crate::web::reference::{self, Schema, always, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required(
            "tokenAddress",
            Schema::text().says("The token's contract; on Solana its mint."),
        ),
        shape::network(),
        shape::chain(),
    ]);
    let data = Schema::object([
        always("balance", shape::amount()),
        always("symbol", Schema::text()),
        always("address", Schema::text().says("The wallet's address there.")),
        always("decimals", Schema::integer(0, 255)),
    ]);
    let example = json!({ "balance": "1.5", "symbol": "USDC", "address": shape::EVM_ADDRESS, "decimals": 6 });
    let source = include_str!("balance_token.rs");
    let body = json!({ "network": "ethereum-sepolia", "tokenAddress": shape::TOKEN_ADDRESS });
    shape::asks("balanceToken", source, MESSAGE, data, &example).body(request.named("TokenToCount"), body)
}

const MESSAGE: &str = "Check Token Balance is successfully";

/// 200 with the balance.
pub async fn balance_token(State(web): State<Web>, Look(mut operation): Look) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let addresses = operation.addresses()?;
    let data = match network.nodes(&web)? {
        Chain::Evm(client) => {
            const FIELD: &str = "tokenAddress";
            let contract = address(FIELD, &mut operation.fields)?;
            let own = addresses.evm;
            let balance = client.token_balance(contract, own).await;
            let balance = balance.map_err(|error| no_token(FIELD, error))?;
            let token = client.token(contract).await.map_err(|error| no_token(FIELD, error))?;
            let decimals = token.decimals.unwrap_or_default();
            json!({
                "balance": show_amount(balance, decimals),
                "symbol": token.symbol,
                "address": own.to_checksum(None),
                "decimals": decimals,
            })
        }
        Chain::Solana(client) => {
            let mint = spl::mint("tokenAddress", &mut operation.fields)?;
            let (token, symbol) = spl::token(client, "tokenAddress", mint).await?;
            let holdings = client.holdings(addresses.solana, mint, token.program).await?;
            let sum = holdings
                .iter()
                .fold(U256::ZERO, |sum, one| sum + U256::from(one.account.amount));
            json!({
                "balance": show_amount(sum, token.decimals),
                "symbol": symbol.unwrap_or_default(),
                "address": addresses.solana.to_string(),
                "decimals": token.decimals,
            })
        }
        Chain::Bitcoin(_) => {
            let why = format!("{} has no tokens.", network.code);
            return Err(Failure::field("network", Invalid::new(why)));
        }
    };
    Ok(operation.answer(MESSAGE, &data))
}
