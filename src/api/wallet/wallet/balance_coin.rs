//! `POST /api/v{1,2}/wallet/balance-coin`: what the wallet has of a network's own coin.
//!
//! In decimal units, like `0.02`, as of the newest block that a node of the network knows. Of Bitcoin what is on its way
//! counts, in and out; `confirmed` is what stands in blocks.

use aboard_vault::wallet::evm::U256;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::{Look, shape};
use crate::chains::Chain;
use crate::config::Family;
use crate::domain::show_amount;
use crate::web::reference::{self, Schema, always, optional};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([shape::network(), shape::chain()]);
    let data = Schema::object([
        always("balance", shape::amount()),
        always("symbol", Schema::text()),
        always("address", Schema::text().says("The wallet's address there.")),
        optional(
            "confirmed",
            shape::amount().says("Bitcoin: what of it stands in blocks."),
        ),
    ]);
    let example = json!({ "balance": "0.02", "symbol": "ETH", "address": shape::EVM_ADDRESS });
    let source = include_str!("balance_coin.rs");
    shape::asks("balanceCoin", source, MESSAGE, data, &example)
        .body(request.named("CoinToCount"), json!({ "network": "ethereum-sepolia" }))
}

const MESSAGE: &str = "Check Coin Balance is successfully";

/// 200 with the balance.
pub async fn balance_coin(State(web): State<Web>, Look(mut operation): Look) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let addresses = operation.addresses()?;
    let mut confirmed = None;
    let (balance, address) = match network.nodes(&web)? {
        Chain::Evm(client) => {
            let balance = client.balance(addresses.evm).await?;
            let shown = show_amount(balance, Family::Evm.decimals());
            (shown, addresses.evm.to_checksum(None))
        }
        Chain::Solana(client) => {
            let lamports = client.balance(addresses.solana).await?;
            let shown = show_amount(U256::from(lamports), Family::Solana.decimals());
            (shown, addresses.solana.to_string())
        }
        Chain::Bitcoin(client) => {
            let address = addresses.bitcoin.address(operation.bitcoin_network());
            let balance = client.balance(&address).await?;
            let shown = |satoshi| show_amount(U256::from(satoshi), Family::Bitcoin.decimals());
            confirmed = Some(shown(balance.confirmed));
            (shown(balance.expected), address)
        }
    };
    let mut data = json!({ "balance": balance, "symbol": network.symbol, "address": address });
    if let Some(confirmed) = confirmed {
        data["confirmed"] = confirmed.into();
    }
    Ok(operation.answer(MESSAGE, &data))
}
