//! `POST /api/v{1,2}/wallet/transaction-detail`

use serde_json::json;

use crate::support::anvil::{Anvil, ENDPOINTS, RICH, number};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    a_receipt_is_shown_as_ethers_shows_it,
    what_waits_has_no_block_and_what_nobody_knows_is_not_found,
}

const PATH: &str = "transaction-detail";
const TO: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

async fn a_receipt_is_shown_as_ethers_shows_it(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let token = chain.erc20("NORTH", 1_000, RICH).await;
    let transfer = format!("0xa9059cbb{:0>64}{:064x}", TO[2..].to_lowercase(), 5);
    let receipt = chain.does(json!({ "to": token, "data": transfer })).await;
    let hash = &receipt["transactionHash"];
    let body = json!({ "network": "ethereum-sepolia", "transactionHash": hash });
    let detail = ada.gets(&app, PATH, body).await["transactionDetail"].clone();
    let decimal = |field: &str| json!(number(&receipt[field]).to_string());
    let log = &receipt["logs"][0];
    let expected = json!({
        "_type": "TransactionReceipt",
        "blockHash": receipt["blockHash"],
        "blockNumber": 2,
        "contractAddress": null,
        "cumulativeGasUsed": decimal("cumulativeGasUsed"),
        "from": RICH,
        "gasPrice": decimal("effectiveGasPrice"),
        "gasUsed": decimal("gasUsed"),
        "hash": hash,
        "index": 0,
        "logs": [{
            "_type": "log",
            "address": detail["to"],
            "blockHash": receipt["blockHash"],
            "blockNumber": 2,
            "data": log["data"],
            "index": 0,
            "removed": false,
            "topics": log["topics"],
            "transactionHash": hash,
            "transactionIndex": 0,
        }],
        "logsBloom": receipt["logsBloom"],
        "status": 1,
        "to": detail["to"],
        "logCount": 1,
    });
    assert_eq!(detail, expected);
    assert!(detail["to"].as_str().unwrap().eq_ignore_ascii_case(&token));
    // One that fails, and one that makes a contract.
    let failing = json!({ "to": token, "data": "0x12345678", "gas": "0x186a0" });
    let hash = chain.does(failing).await["transactionHash"].clone();
    let body = json!({ "network": "ethereum-sepolia", "transactionHash": hash });
    assert_eq!(ada.gets(&app, PATH, body).await["transactionDetail"]["status"], 0);
    let hash = chain.does(json!({ "data": "0x00" })).await["transactionHash"].clone();
    let body = json!({ "network": "ethereum-sepolia", "transactionHash": hash });
    let detail = ada.gets(&app, PATH, body).await["transactionDetail"].clone();
    assert!(
        detail["contractAddress"].is_string() && detail["to"].is_null(),
        "{detail}"
    );
}

async fn what_waits_has_no_block_and_what_nobody_knows_is_not_found(engine: Engine) {
    let chain = Anvil::with(&["--chain-id", "11155111", "--no-mining"]);
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let mut ada = app.holder().await;
    let hash = chain.send(json!({ "to": TO, "value": "0x1" })).await;
    let body = json!({ "network": "ethereum-sepolia", "transactionHash": hash });
    let waiting = ada.gets(&app, PATH, body.clone()).await["transactionDetail"].clone();
    assert_eq!((&waiting["hash"], &waiting["to"]), (&json!(hash), &json!(TO)));
    for unknown in ["blockHash", "blockNumber", "gasUsed", "status"] {
        assert!(waiting[unknown].is_null(), "{unknown}: {waiting}");
    }
    chain.mine(1).await;
    assert_eq!(ada.gets(&app, PATH, body).await["transactionDetail"]["status"], 1);

    let nobodys = json!({ "network": "ethereum-sepolia", "transactionHash": format!("0x{}", "5c".repeat(32)) });
    let message = ada.refused(&app, PATH, nobodys, 404).await;
    assert!(message.contains("no such transaction"), "{message}");
    for wrong in [json!("0x12"), json!("5c".repeat(32)), json!(null), json!(5)] {
        let body = json!({ "network": "ethereum-sepolia", "transactionHash": wrong });
        let message = ada.refused(&app, PATH, body, 400).await;
        assert!(message.contains("transactionHash"), "{wrong}: {message}");
    }
}
