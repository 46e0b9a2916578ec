//! `POST /api/v{1,2}/wallet/batch-balance-token`: what the wallet has of several tokens.
//!
//! ERC-20, at most 50, answered in the order in which they were asked for. One that is no token fails the call, which says
//! which.

use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use aboard_vault::wallet::evm::{Address, parse_address};

use super::evm_action::no_token;
use super::{Look, shape, wrong};
use crate::chains::Chain;
use crate::chains::evm::Client;
use crate::domain::{Invalid, show_amount};
use crate::web::reference::{self, Schema, always, required};
use crate::web::{Failure, Fields, Web};

const MOST_TOKENS: usize = 50;
/// Tokens that the chain is asked about at once.
const AT_ONCE: usize = 8;

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let addresses = Schema::list(Schema::text()).says("The tokens' contracts, 1 to 50.");
    let request = Schema::object([required("tokenAddresses", addresses), shape::network(), shape::chain()]);
    let token = Schema::object([
        always("balance", shape::amount()),
        always("symbol", Schema::text()),
        always("decimals", Schema::integer(0, 255)),
        always("tokenAddress", Schema::text()),
    ]);
    let data = Schema::object([
        always("address", Schema::text().says("The wallet's address there.")),
        always("tokens", Schema::list(token)),
    ]);
    let one = json!({ "balance": "1.5", "symbol": "USDC", "decimals": 6, "tokenAddress": shape::TOKEN_ADDRESS });
    let example = json!({ "address": shape::EVM_ADDRESS, "tokens": [one] });
    let source = include_str!("batch_balance_token.rs");
    let body = json!({ "network": "ethereum-sepolia", "tokenAddresses": [shape::TOKEN_ADDRESS] });
    shape::asks("batchBalanceToken", source, MESSAGE, data, &example).body(request.named("TokensToCount"), body)
}

const MESSAGE: &str = "Check Batch Token Balance is successfully";

/// 200 with the balances.
pub async fn batch_balance_token(State(web): State<Web>, Look(mut operation): Look) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let own = operation.addresses()?.evm;
    let Chain::Evm(client) = network.nodes(&web)? else {
        return Err(network.cannot("batches of tokens"));
    };
    let contracts = contracts(&mut operation.fields)?;
    let asked = contracts
        .into_iter()
        .map(|(field, contract)| one(client, own, field, contract));
    let tokens: Vec<Value> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let data = json!({ "address": own.to_checksum(None), "tokens": tokens });
    Ok(operation.answer(MESSAGE, &data))
}

async fn one(client: &Client, own: Address, field: String, contract: Address) -> Result<Value, Failure> {
    let balance = client.token_balance(contract, own).await;
    let balance = balance.map_err(|error| no_token(&field, error))?;
    let token = client.token(contract).await.map_err(|error| no_token(&field, error))?;
    let decimals = token.decimals.unwrap_or_default();
    Ok(json!({
        "balance": show_amount(balance, decimals),
        "symbol": token.symbol,
        "decimals": decimals,
        "tokenAddress": contract.to_checksum(None),
    }))
}

/// Each address with the name of its place, like `tokenAddresses[2]`.
fn contracts(fields: &mut Fields) -> Result<Vec<(String, Address)>, Failure> {
    const FIELD: &str = "tokenAddresses";
    let shape = || {
        let why = format!("{FIELD} is required: a list of 1 to {MOST_TOKENS} addresses.");
        Failure::field(FIELD, Invalid::new(why))
    };
    let Some(Value::Array(list)) = fields.optional_value(FIELD) else {
        return Err(shape());
    };
    if !(1..=MOST_TOKENS).contains(&list.len()) {
        return Err(shape());
    }
    let read = |(at, value): (usize, Value)| {
        let field = format!("{FIELD}[{at}]");
        let text = value.as_str().ok_or_else(shape)?;
        let address = parse_address(text).map_err(|error| wrong(&field, error).holding(value.clone()))?;
        Ok((field, address))
    };
    list.into_iter().enumerate().map(read).collect()
}
