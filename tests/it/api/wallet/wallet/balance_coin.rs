//! `POST /api/v{1,2}/wallet/balance-coin`

use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS};
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{address, bearer, data_of, refused, text};

on_both! {
    the_balance_is_shown_in_decimal_units,
    version_1_has_it_as_well,
    a_network_that_is_not_served_says_what_to_do,
}

const PATH: &str = "balance-coin";

async fn the_balance_is_shown_in_decimal_units(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    for (wei, shown) in [
        (0, "0"),
        (20_000_000_000_000_000, "0.02"),
        (1, "0.000000000000000001"),
        (3_000_000_000_000_000_000, "3"),
    ] {
        chain.fund(&evm, wei).await;
        let data = ada.gets(&app, PATH, json!({ "network": "ethereum-sepolia" })).await;
        assert_eq!(data, json!({ "balance": shown, "symbol": "ETH", "address": evm }));
    }
    let by_number = ada.call(&app, PATH, &json!({ "chainId": "11155111" })).await;
    assert_eq!(by_number.json()["message"], "Check Coin Balance is successfully");
    assert_eq!(data_of(&by_number)["balance"], "3");
}

async fn version_1_has_it_as_well(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let evm = address(&made, "evm");
    chain.fund(&evm, 5).await;
    let v1 = crate::support::codes::Way {
        login: "/api/v1/auth/login-otp",
        verify: "/api/v1/auth/verify-otp",
        ..EMAIL
    };
    let entered = app.enter(v1, &shop).await;
    let wallet = bearer(&shop, &text(&entered, "walletToken"));
    let body = json!({ "network": "ethereum-sepolia" });
    // Its tokens are good for more than one call.
    for _ in 0..2 {
        let data = data_of(&wallet.post("/api/v1/wallet/balance-coin", &body).await);
        assert_eq!(data["balance"], "0.000000000000000005");
    }
    refused(&wallet.post("/api/v2/wallet/balance-coin", &body).await, 401);
}

async fn a_network_that_is_not_served_says_what_to_do(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut ada = app.holder().await;
    for (body, said) in [
        (json!({ "network": "base-sepolia" }), "networks.base-sepolia.endpoints"),
        (json!({ "network": "ethereum" }), "test networks alone"),
        (json!({ "network": "tron" }), "no network with this code"),
        (
            json!({ "network": "tron" }),
            "Served here: base-sepolia, binance-smart-chain-testnet,",
        ),
        (json!({ "network": "base-sepolia", "chainId": 1 }), "Make them agree"),
        (Value::Object(serde_json::Map::new()), "network is required"),
    ] {
        let message = ada.refused(&app, PATH, body.clone(), 400).await;
        assert!(message.contains(said), "{body}: {message}");
    }
}
