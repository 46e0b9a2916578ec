//! `POST /api/v{1,2}/wallet/estimate-gas`

use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS, RICH};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    each_kind_of_transaction_is_estimated,
    what_a_transaction_touches_and_delegates_is_estimated_with_it,
    what_could_not_be_sent_is_refused_in_words,
    fees_stay_under_the_operators_ceiling,
}

const PATH: &str = "estimate-gas";
const TO: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const COIN: u128 = 1_000_000_000_000_000_000;

fn asking(what: &Value) -> Value {
    let mut body = json!({ "network": "ethereum-sepolia", "to": TO });
    for (name, value) in what.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn wei(estimate: &Value, field: &str) -> u128 {
    let text = estimate[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field}: {estimate}"));
    text.parse().unwrap_or_else(|_| panic!("{field}: {text}"))
}

async fn each_kind_of_transaction_is_estimated(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    chain.fund(&evm, COIN).await;
    let token = chain.erc20("NORTH", COIN, &evm).await;
    let things = chain.erc721(1, &evm).await;
    let pieces = chain.erc1155(&[(7, 10), (8, 10)], &evm).await;
    for (what, least) in [
        (json!({ "type": "send-coin", "amount": "0.015" }), 21_000),
        (
            json!({ "type": "send-token", "amount": "0.5", "tokenAddress": token }),
            30_000,
        ),
        (
            json!({ "type": "transfer-erc721", "tokenId": "0", "tokenAddress": things }),
            30_000,
        ),
        (
            json!({ "type": "transfer-erc1155", "tokenId": 7, "amount": "2", "tokenAddress": pieces }),
            30_000,
        ),
        (
            json!({ "type": "transfer-erc1155", "tokenId": [7, "8"], "tokenAmount": ["2", 4], "tokenAddress": pieces }),
            40_000,
        ),
        (
            json!({ "type": "custom", "transaction": { "from": evm, "to": TO, "value": "0x1", "data": "0x" } }),
            21_000,
        ),
        (json!({ "type": "custom", "transaction": { "data": "0x00" } }), 53_000),
    ] {
        let estimate = ada.gets(&app, PATH, asking(&what)).await["estimateGas"].clone();
        assert!(
            (least..200_000).contains(&wei(&estimate, "gasLimit")),
            "{what}: {estimate}"
        );
        let (most, tip) = (wei(&estimate, "maxFeePerGas"), wei(&estimate, "maxPriorityFeePerGas"));
        let price = wei(&estimate, "gasPrice");
        assert!(tip <= price && price <= most, "{estimate}");
    }
    let coin = asking(&json!({ "type": "send-coin", "amount": "0.015" }));
    assert_eq!(
        ada.gets(&app, PATH, coin.clone()).await["estimateGas"]["gasLimit"],
        "21000"
    );
    // The path as the published SDK writes it.
    let misspelt = ada.call(&app, "estimate-gas%22", &coin).await;
    assert_eq!(misspelt.json()["data"]["estimateGas"]["gasLimit"], "21000");
}

async fn what_a_transaction_touches_and_delegates_is_estimated_with_it(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    chain.fund(&evm, COIN).await;
    let code = chain.erc20("CODE", 1, TO).await;
    app.set("wallets.delegates", &format!("[\"11155111:{code}\"]")).await;
    let asked = json!({ "network": "ethereum-sepolia", "contractAddress": code, "nonce": 1 });
    let authorization = ada.gets(&app, "sign-authorization", asked).await["authorization"].clone();
    // The account's own code, which is there once the delegation is.
    let mut gas = async |more: Value| {
        let mut transaction = json!({ "to": evm, "data": "0x313ce567" });
        for (name, value) in more.as_object().expect("an object") {
            transaction[name] = value.clone();
        }
        let what = asking(&json!({ "type": "custom", "transaction": transaction }));
        wei(&ada.gets(&app, PATH, what).await["estimateGas"], "gasLimit")
    };
    let plain = gas(json!({})).await;
    let slot = format!("0x{}", "5c".repeat(32));
    // EIP-2930: 2400 for an address and 1900 for a place in its storage.
    let touching = gas(json!({ "accessList": [{ "address": TO, "storageKeys": [slot] }] })).await;
    assert!((4_200..4_900).contains(&(touching - plain)), "{touching} after {plain}");
    // EIP-7702: 25000 for a delegation, and what the code takes.
    let delegating = gas(json!({ "authorizationList": [authorization] })).await;
    assert!(delegating > plain + 25_000, "{delegating} after {plain}");
    for (field, said) in [
        ("accessList", "storageKeys"),
        ("authorizationList", "sign-authorization"),
    ] {
        let what = asking(&json!({ "type": "custom", "transaction": { "to": TO, field: [1] } }));
        let message = ada.refused(&app, PATH, what, 400).await;
        assert!(message.contains(said), "{message}");
    }
}

async fn what_could_not_be_sent_is_refused_in_words(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    chain.fund(&evm, COIN).await;
    let token = chain.erc20("NORTH", COIN, &evm).await;
    let things = chain.erc721(1, RICH).await;
    for (what, status, said) in [
        (json!({ "amount": "1" }), 400, "type is required"),
        (json!({ "type": "swap" }), 400, "type must be one of send-coin"),
        (json!({ "type": "send-coin" }), 400, "amount is required"),
        (json!({ "type": "send-coin", "amount": 0.5 }), 400, "must be a text"),
        (json!({ "type": "send-coin", "amount": "-1" }), 400, "digits"),
        (
            json!({ "type": "send-coin", "amount": "0.0000000000000000001" }),
            400,
            "19 decimals",
        ),
        (
            json!({ "type": "send-coin", "amount": "1.5" }),
            400,
            "more than the wallet has: 1 ETH",
        ),
        (
            json!({ "type": "send-coin", "amount": "1", "to": "0x70997970c51812dc3A010C7d01b50e0d17dc79C8" }),
            400,
            "checksum",
        ),
        (
            json!({ "type": "send-coin", "amount": "1", "to": null }),
            400,
            "to is required",
        ),
        (
            json!({ "type": "send-token", "amount": "2", "tokenAddress": token }),
            400,
            "more than the wallet has: 1 of this token",
        ),
        (
            json!({ "type": "send-token", "amount": "2", "tokenAddress": TO }),
            400,
            "no ERC-20 token",
        ),
        (
            json!({ "type": "transfer-erc721", "tokenId": 0, "tokenAddress": things }),
            422,
            "not token owner",
        ),
        (
            json!({ "type": "transfer-erc721", "tokenId": [1, 2], "tokenAddress": things }),
            400,
            "one token",
        ),
        (
            json!({ "type": "transfer-erc1155", "tokenId": [1, 2], "amount": [1], "tokenAddress": things }),
            400,
            "as many numbers as tokenId",
        ),
        (json!({ "type": "custom" }), 400, "transaction is required"),
        (
            json!({ "type": "custom", "transaction": { "to": TO, "from": TO } }),
            400,
            "not this wallet's address",
        ),
        (
            json!({ "type": "custom", "transaction": { "to": token, "data": "0x12345678" } }),
            422,
            "would fail",
        ),
    ] {
        let message = ada.refused(&app, PATH, asking(&what), status).await;
        assert!(message.contains(said), "{what}: {message}");
    }
}

async fn fees_stay_under_the_operators_ceiling(engine: Engine) {
    let gwei = 1_000_000_000_u128;
    let chain = Anvil::with(&["--chain-id", "11155111", "--base-fee", &(50 * gwei).to_string()]);
    let settings = [
        (ENDPOINTS, chain.url.as_str()),
        ("networks.ethereum-sepolia.max_fee_gwei", "60"),
        ("networks.ethereum-sepolia.max_tip_gwei", "1"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let mut ada = app.holder().await;
    let body = asking(&json!({ "type": "send-coin", "amount": "0" }));
    let estimate = ada.gets(&app, PATH, body.clone()).await["estimateGas"].clone();
    assert_eq!(
        wei(&estimate, "maxFeePerGas"),
        60 * gwei,
        "twice the base fee would be more"
    );
    assert!(wei(&estimate, "maxPriorityFeePerGas") <= gwei);
    chain
        .ask("anvil_setNextBlockBaseFeePerGas", json!([format!("{:#x}", 500 * gwei)]))
        .await;
    chain.mine(1).await;
    let message = ada.refused(&app, PATH, body, 422).await;
    assert!(message.contains("more than the 60 gwei"), "{message}");
}
