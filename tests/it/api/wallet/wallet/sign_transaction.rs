//! `POST /api/v{1,2}/wallet/sign-transaction`: what is refused. What is signed is in [`super::sign`].

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{address, bearer, refused, text};

on_both! { what_does_not_hold_together_is_not_signed }

fn good() -> Value {
    json!({
        "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "value": "1", "nonce": 0, "gasLimit": "21000",
        "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "1000000000",
    })
}

async fn what_does_not_hold_together_is_not_signed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let mut tokens = made.clone();
    let mut call = async |body: &Value| {
        tokens = app.refresh(&shop, &tokens).await;
        bearer(&shop, &text(&tokens, "walletToken"))
            .post("/api/v2/wallet/sign-transaction", body)
            .await
    };
    for (field, value, said) in [
        ("to", json!("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"), "checksum"),
        ("to", json!("vitalik.eth"), "40 hex digits"),
        ("to", json!(null), "to is required"),
        (
            "from",
            json!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            "not this wallet's address",
        ),
        ("value", json!("0.1"), "whole number"),
        ("value", json!(-1), "whole number"),
        ("nonce", json!(null), "nonce is required"),
        ("gasLimit", json!(null), "gasLimit is required"),
        ("maxFeePerGas", json!(null), "maxFeePerGas or gasPrice is required"),
        (
            "maxPriorityFeePerGas",
            json!("3000000000"),
            "maxPriorityFeePerGas` is more than",
        ),
        ("gasPrice", json!("1"), "exclude each other"),
        ("chainId", json!(1), "another than the network's"),
        ("data", json!("0x123"), "pairs of hex digits"),
    ] {
        let mut transaction = good();
        transaction[field] = value;
        let message = refused(
            &call(&json!({ "network": "ethereum-sepolia", "transaction": transaction })).await,
            400,
        );
        assert!(message.contains(said), "{field}: {message}");
    }
    for (body, said) in [
        (
            json!({ "network": "ethereum", "transaction": good() }),
            "test networks alone",
        ),
        (
            json!({ "network": "tron", "transaction": good() }),
            "no network with this code",
        ),
        (json!({ "chainId": 424_242, "transaction": good() }), "known here"),
        (
            json!({ "network": "ethereum-sepolia", "chainId": 84_532, "transaction": good() }),
            "Make them agree",
        ),
        (json!({ "network": "ethereum-sepolia" }), "transaction is required"),
        (
            json!({ "network": "ethereum-sepolia", "transaction": "0x02" }),
            "transaction is required",
        ),
        (
            json!({ "network": "bitcoin-testnet", "transaction": { "psbt": "AAAA" } }),
            "no PSBT",
        ),
        (
            json!({ "network": "solana-devnet", "transaction": { "transaction": "AAAA" } }),
            "Solana",
        ),
    ] {
        let message = refused(&call(&body).await, 400);
        assert!(message.contains(said), "{body}: {message}");
    }
    // Rules come after what is right or wrong by itself.
    app.set("wallets.networks", "[\"base-sepolia\"]").await;
    let message = refused(
        &call(&json!({ "network": "ethereum-sepolia", "transaction": good() })).await,
        403,
    );
    assert!(message.contains("wallets.networks"), "{message}");
    assert!(address(&made, "evm").starts_with("0x"));
}
