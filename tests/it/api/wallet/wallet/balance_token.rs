//! `POST /api/v{1,2}/wallet/balance-token`

use serde_json::json;

use crate::support::anvil::{Anvil, ENDPOINTS, RICH, word};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    the_balance_is_shown_as_the_token_counts,
    what_is_no_token_is_refused,
}

const PATH: &str = "balance-token";
const AT: &str = "0x00000000000000000000000000000000000000aa";
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
const SYMBOL: [u8; 4] = [0x95, 0xd8, 0x9b, 0x41];
const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];

fn bytes(hex: &str) -> Vec<u8> {
    aboard::chains::evm::wire::bytes(&json!(format!("0x{hex}")), 1 << 20).expect("hex")
}

async fn the_balance_is_shown_as_the_token_counts(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    let token = chain.erc20("NORTH", 1_500_000_000_000_000_000, &evm).await;
    let body = json!({ "network": "ethereum-sepolia", "tokenAddress": token });
    let data = ada.gets(&app, PATH, body).await;
    let expected = json!({ "balance": "1.5", "symbol": "NORTH", "address": evm, "decimals": 18 });
    assert_eq!(data, expected);
    // An old token: its symbol is 32 bytes, and it has six decimals.
    let mut old = [0; 32];
    old[..3].copy_from_slice(b"MKR");
    let (units, six) = (bytes(&word(1_500_000)), bytes(&word(6)));
    chain
        .answering(AT, &[(BALANCE_OF, &units), (SYMBOL, &old), (DECIMALS, &six)])
        .await;
    let body = json!({ "network": "ethereum-sepolia", "tokenAddress": AT });
    let data = ada.gets(&app, PATH, body.clone()).await;
    assert_eq!((&data["balance"], &data["symbol"]), (&json!("1.5"), &json!("MKR")));
    // One that says no more than it must, and one whose name would print backwards and for ever.
    chain.answering(AT, &[(BALANCE_OF, &units)]).await;
    let data = ada.gets(&app, PATH, body.clone()).await;
    assert_eq!((&data["balance"], &data["symbol"]), (&json!("1500000"), &json!("")));
    let name = format!("\u{202e}\n{}", "X".repeat(3_000));
    let mut long = bytes(&[word(32), word(name.len() as u128)].concat());
    long.extend(name.as_bytes());
    long.resize(long.len().next_multiple_of(32), 0);
    chain.answering(AT, &[(BALANCE_OF, &units), (SYMBOL, &long)]).await;
    assert_eq!(ada.gets(&app, PATH, body).await["symbol"], "X".repeat(32));
}

async fn what_is_no_token_is_refused(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let (units, silly) = (bytes(&word(1)), bytes(&"ff".repeat(32)));
    chain.answering(AT, &[(BALANCE_OF, &units), (DECIMALS, &silly)]).await;
    let other = "0x00000000000000000000000000000000000000bb";
    chain.answering(other, &[(SYMBOL, &units)]).await;
    for (token, said) in [
        (json!(RICH), "no ERC-20 token"),
        (json!(other), "no ERC-20 token"),
        (json!(AT), "no ERC-20 token"),
        (json!("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"), "checksum"),
        (json!("USDC"), "40 hex digits"),
        (json!(null), "tokenAddress is required"),
        (json!(5), "must be a text"),
    ] {
        let body = json!({ "network": "ethereum-sepolia", "tokenAddress": token });
        let message = ada.refused(&app, PATH, body, 400).await;
        assert!(message.contains(said), "{token}: {message}");
    }
}
