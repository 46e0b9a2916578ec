//! `POST /api/v{1,2}/wallet/batch-balance-token`

use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS, RICH};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    the_balances_come_in_the_order_asked_for,
    a_list_that_cannot_be_asked_for_is_refused,
}

const PATH: &str = "batch-balance-token";

async fn the_balances_come_in_the_order_asked_for(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    let north = chain.erc20("NORTH", 1_500_000_000_000_000_000, &evm).await;
    let south = chain.erc20("SOUTH", 7, RICH).await;
    let asked: Vec<&String> = [&north, &south].into_iter().cycle().take(20).collect();
    let body = json!({ "network": "ethereum-sepolia", "tokenAddresses": asked });
    let data = ada.gets(&app, PATH, body).await;
    assert_eq!(data["address"], json!(evm));
    let tokens = data["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 20);
    for (at, token) in tokens.iter().enumerate() {
        let (balance, symbol) = if at % 2 == 0 { ("1.5", "NORTH") } else { ("0", "SOUTH") };
        let shown = (&token["balance"], &token["symbol"], &token["decimals"]);
        assert_eq!(shown, (&json!(balance), &json!(symbol), &json!(18)));
        let address = token["tokenAddress"].as_str().unwrap();
        assert!(address.eq_ignore_ascii_case(asked[at]), "{address}");
    }
    let body = json!({ "network": "ethereum-sepolia", "tokenAddresses": [north, RICH] });
    let message = ada.refused(&app, PATH, body, 400).await;
    assert!(message.contains("no ERC-20 token"), "{message}");
}

async fn a_list_that_cannot_be_asked_for_is_refused(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let many: Vec<&str> = vec![RICH; 51];
    for (list, said) in [
        (Value::Null, "1 to 50 addresses"),
        (json!([]), "1 to 50 addresses"),
        (json!(RICH), "1 to 50 addresses"),
        (json!([5]), "1 to 50 addresses"),
        (json!(many), "1 to 50 addresses"),
        (json!([RICH, "0x12"]), "40 hex digits"),
    ] {
        let body = json!({ "network": "ethereum-sepolia", "tokenAddresses": list });
        let message = ada.refused(&app, PATH, body, 400).await;
        assert!(message.contains(said), "{list}: {message}");
    }
}
