//! `POST /api/v{1,2}/wallet/estimate-gas`: what a transaction would take and what a unit of gas costs now.
//!
//! `type` says what is wanted: `send-coin` {to, amount}, `send-token` {to, amount, tokenAddress}, `transfer-erc721` {to,
//! tokenId, tokenAddress}, `transfer-erc1155` {to, tokenId, amount or tokenAmount, tokenAddress} or `custom` {transaction}.
//! The network tries it out: one that would fail is a 422 with the contract's reason. Prices are in wei, as decimal texts;
//! they never pass the ceiling that the operator set for the network. Nothing is signed.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::evm_action::{Action, Wanted, gas};
use super::{Look, shape};
use crate::chains::Chain;
use crate::chains::evm::FeeQuote;
use crate::domain::Invalid;
use crate::web::reference::{self, Schema, always, optional, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let words: Vec<&str> = Wanted::WORDS.iter().map(|(word, _)| *word).collect();
    let number = || Schema::either(Schema::text(), Schema::count());
    let numbers = || Schema::either(number(), Schema::list(number()));
    let request = Schema::object([
        required("type", Schema::one_of(&words)),
        optional("to", Schema::text().says("Who gets it.")),
        optional(
            "amount",
            numbers()
                .says("In decimal units, as a text: of the coin or the token. Of ERC-1155: a number for each token."),
        ),
        optional("tokenAmount", numbers().says("The same for ERC-1155.")),
        optional("tokenId", numbers()),
        optional("tokenAddress", Schema::text().says("The token's contract.")),
        optional(
            "transaction",
            Schema::map().says("For `custom`: `to`, `value` in wei, `data`, `accessList`, `authorizationList`."),
        ),
        shape::network(),
        shape::chain(),
    ]);
    let wei = || Schema::text().pattern("^[0-9]+$");
    let estimate = Schema::object([
        always("gasLimit", wei()),
        always("gasPrice", wei().says("What a unit costs in the next block, in wei.")),
        always(
            "maxFeePerGas",
            wei()
                .or_null()
                .says("`null` on a network without base fees (EIP-1559)."),
        ),
        always("maxPriorityFeePerGas", wei().or_null()),
    ]);
    let data = Schema::object([always("estimateGas", estimate.named("GasEstimate"))]);
    let example = json!({ "estimateGas": {
        "gasLimit": "21000", "gasPrice": "1500000000", "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "1000000000",
    } });
    let body =
        json!({ "network": "ethereum-sepolia", "type": "send-coin", "to": shape::EVM_ADDRESS, "amount": "0.015" });
    shape::asks("estimateGas", include_str!("estimate_gas.rs"), MESSAGE, data, &example)
        .body(request.named("TransactionToEstimate"), body)
}

const MESSAGE: &str = "Estimate Gas is successfully";

/// 200 with the estimate.
pub async fn estimate_gas(State(web): State<Web>, Look(mut operation): Look) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let own = operation.addresses()?.evm;
    let Chain::Evm(client) = network.nodes(&web)? else {
        return Err(network.cannot("estimates of gas"));
    };
    let wanted = operation.fields.parsed("type", |text| wanted(&text))?;
    let action = Action::read(wanted, client, own, &mut operation.fields).await?;
    action.covered(client, own, &network.symbol).await?;
    let gas = gas(client, &action.call).await?;
    let quote = client.fees().await?;
    let (most, tip) = match quote {
        FeeQuote::Dynamic {
            max_fee_per_gas,
            max_priority_fee_per_gas,
            ..
        } => (wei(max_fee_per_gas), wei(max_priority_fee_per_gas)),
        FeeQuote::Legacy { .. } => (Value::Null, Value::Null),
    };
    let estimate = json!({
        "gasLimit": gas.to_string(),
        "gasPrice": wei(quote.gas_price()),
        "maxFeePerGas": most,
        "maxPriorityFeePerGas": tip,
    });
    Ok(operation.answer(MESSAGE, &json!({ "estimateGas": estimate })))
}

fn wei(price: u128) -> Value {
    price.to_string().into()
}

fn wanted(text: &str) -> Result<Wanted, Invalid> {
    let found = Wanted::WORDS.iter().find(|(word, _)| *word == text);
    found.map(|(_, wanted)| *wanted).ok_or_else(|| {
        let words = Wanted::WORDS.map(|(word, _)| word).join(", ");
        Invalid::new(format!("type must be one of {words}."))
    })
}
