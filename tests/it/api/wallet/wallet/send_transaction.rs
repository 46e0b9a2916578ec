//! `POST /api/v{1,2}/wallet/send-transaction`

use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::node::Node;
use crate::support::sending::{Rig, TO};

on_both! {
    a_transaction_is_completed_and_sent,
    each_kind_of_fees_is_sent_and_read_by_others,
    a_delegation_is_sent_and_takes_effect,
    what_does_not_hold_together_is_not_signed,
    what_fails_in_the_chain_is_told,
}

async fn a_transaction_is_completed_and_sent(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let transaction = json!({ "from": rig.ada.evm, "to": TO, "value": "0x3e8", "data": "0x", "chainId": 11_155_111 });
    let receipt = rig
        .sends("send-transaction", json!({ "transaction": transaction }))
        .await;
    assert_eq!((&receipt["value"], &receipt["type"]), (&json!("1000"), &json!(2)));
    assert_eq!(rig.mined(&receipt["hash"]).await["status"], "0x1");
    // One that makes a contract has no recipient.
    let receipt = rig
        .sends("send-transaction", json!({ "transaction": { "data": "0x00" } }))
        .await;
    assert_eq!(receipt["to"], Value::Null);
    let made = rig.mined(&receipt["hash"]).await;
    assert!(made["contractAddress"].is_string(), "{made}");
}

async fn each_kind_of_fees_is_sent_and_read_by_others(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let mut node = Node::start("verify-wallet.mjs", &[]);
    let slot = format!("0x{}", "5c".repeat(32));
    for (nonce, more, kind) in [
        (0, json!({ "gasPrice": "3000000000" }), 0),
        (
            1,
            json!({ "gasPrice": 3_000_000_000_u64, "accessList": [{ "address": TO, "storageKeys": [slot] }] }),
            1,
        ),
        (
            2,
            json!({ "maxFeePerGas": "0x12a05f200", "maxPriorityFeePerGas": 1 }),
            2,
        ),
        (3, json!({ "maxFeePerGas": "5000000000" }), 2),
        (4, json!({ "maxPriorityFeePerGas": "7" }), 2),
        (5, json!({ "gas": 90_000, "nonce": 5 }), 2),
    ] {
        let mut transaction = json!({ "to": TO, "value": nonce.to_string() });
        for (name, value) in more.as_object().unwrap() {
            transaction[name] = value.clone();
        }
        let receipt = rig
            .sends("send-transaction", json!({ "transaction": transaction }))
            .await;
        assert_eq!(
            (&receipt["type"], &receipt["nonce"]),
            (&json!(kind), &json!(nonce)),
            "{more}"
        );
        for (name, value) in more.as_object().unwrap().iter().filter(|(_, value)| value.is_string()) {
            let shown = receipt[name].as_str().unwrap_or_default();
            assert!(value == shown || value == "0x12a05f200", "{name}: {receipt}");
        }
        let mined = rig
            .chain
            .ask("eth_getTransactionByHash", json!([receipt["hash"]]))
            .await;
        assert_eq!(mined["type"], format!("{kind:#x}"), "{mined}");
        assert_eq!(receipt["signature"]["networkV"].is_string(), kind == 0);
        // What ethers makes of the node's answer is what was answered here, but for its block.
        let said = node.say(&json!({ "what": "response", "transaction": mined }));
        for field in [
            "hash",
            "from",
            "to",
            "value",
            "nonce",
            "data",
            "chainId",
            "type",
            "gasLimit",
            "accessList",
        ] {
            assert_eq!(said["by"][field], receipt[field], "{field} of {more}");
        }
        for field in ["r", "s", "v", "networkV"] {
            assert_eq!(
                said["by"]["signature"][field], receipt["signature"][field],
                "{field} of {more}"
            );
        }
    }
}

async fn a_delegation_is_sent_and_takes_effect(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let code = rig.chain.erc20("CODE", 1, TO).await;
    let asked = json!({ "contractAddress": code, "nonce": 1 });
    rig.refused("sign-authorization", asked.clone(), 403).await;
    rig.app
        .set("wallets.delegates", &format!("[\"11155111:{code}\"]"))
        .await;
    let authorization = rig.gets("sign-authorization", asked).await["authorization"].clone();
    let evm = rig.ada.evm.clone();
    let body = json!({ "transaction": { "to": TO, "authorizationList": [authorization] } });
    rig.app.set("wallets.delegates", "[]").await;
    rig.refused("send-transaction", body.clone(), 403).await;
    assert!(rig.stored().await.is_empty());
    rig.app
        .set("wallets.delegates", &format!("[\"11155111:{code}\"]"))
        .await;
    let receipt = rig.sends("send-transaction", body).await;
    assert_eq!(receipt["type"], 4);
    let shown = receipt["authorizationList"][0]["address"].as_str().unwrap();
    assert!(shown.eq_ignore_ascii_case(&code), "{shown}");
    assert_eq!(rig.mined(&receipt["hash"]).await["status"], "0x1");
    let installed = rig.chain.ask("eth_getCode", json!([evm, "latest"])).await;
    assert_eq!(
        installed,
        format!("0xef0100{}", code.trim_start_matches("0x").to_lowercase())
    );
}

async fn what_does_not_hold_together_is_not_signed(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    for (field, value, status, said) in [
        ("from", json!(TO), 400, "not this wallet's address"),
        ("chainId", json!(1), 400, "another than the network's"),
        ("to", Value::Null, 400, "to is required"),
        ("data", json!("0x1"), 400, "pairs of hex digits"),
        ("value", json!("0.5"), 400, "whole number"),
        (
            "value",
            json!("11000000000000000000"),
            400,
            "more than the wallet has: 10 ETH",
        ),
        (
            "authorizationList",
            json!([{}]),
            400,
            "must be a list of what sign-authorization answers",
        ),
        ("accessList", json!("x"), 400, "must be a list of"),
        (
            "nonce",
            json!("18446744073709551615"),
            400,
            "larger than any chain takes",
        ),
        ("data", json!("0xdeadbeef"), 200, ""),
    ] {
        let mut transaction = json!({ "to": TO });
        transaction[field] = value;
        if status == 200 {
            rig.sends("send-transaction", json!({ "transaction": transaction }))
                .await;
            continue;
        }
        let message = rig
            .refused("send-transaction", json!({ "transaction": transaction }), status)
            .await;
        assert!(message.contains(said), "{field}: {message}");
        assert!(rig.stored().await.is_empty(), "{field}");
    }
    rig.refused("send-transaction", json!({}), 400).await;
}

async fn what_fails_in_the_chain_is_told(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let token = rig.chain.erc20("NORTH", 5, &rig.ada.evm).await;
    let call = json!({ "to": token, "data": format!("0xa9059cbb{}", "0".repeat(128)) });
    let message = rig
        .refused("send-transaction", json!({ "transaction": call }), 422)
        .await;
    assert!(message.contains("would fail"), "{message}");
    // Whoever says how much gas it gets, gets it sent.
    let mut call = call;
    call["gasLimit"] = json!(100_000);
    let receipt = rig.sends("send-transaction", json!({ "transaction": call })).await;
    rig.follow().await;
    assert_eq!(rig.told(&receipt["hash"]).await, ["sent", "failed"]);
    let events = rig.events().await;
    assert!(events[1]["data"]["block_number"].is_number() && events[1]["data"]["reason"].is_string());
    assert_eq!(rig.sends_coin(json!({})).await["nonce"], 1);
}
