//! Solana through the front door, against a node that runs transactions with Solana's own runtime.

use aboard_fakes::{Answer, Receiver};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::solana::{Solana, TOKEN, TOKEN_2022};
use crate::support::wallets::{refused, text};

on_both! {
    balances_are_those_of_the_chain,
    a_signed_transaction_does_what_it_says,
    a_node_that_says_what_cannot_be_is_passed_over,
}

const ENDPOINTS: &str = "networks.solana-devnet.endpoints";
const NETWORK: &str = "solana-devnet";
/// Somebody.
const TO: &str = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96";
const MINT: &str = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
const OTHER_MINT: &str = "Gh9ZwEmdLJ8DscKNTkTqPbNwLNNBjuSzaG9Vp2KGtKJr";

async fn balances_are_those_of_the_chain(engine: Engine) {
    let node = Solana::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &node.url())]).await;
    let mut holder = app.holder().await;
    let own = holder.solana.clone();
    let coin = json!({ "network": NETWORK });
    let nothing = json!({ "balance": "0", "symbol": "SOL", "address": own });
    assert_eq!(holder.gets(&app, "balance-coin", coin.clone()).await, nothing);
    node.fund(&own, 1_020_000_000).await;
    assert_eq!(holder.gets(&app, "balance-coin", coin.clone()).await["balance"], "1.02");

    let token = |mint: &str| json!({ "network": NETWORK, "tokenAddress": mint });
    let message = refused(&holder.call(&app, "balance-token", &token(MINT)).await, 400);
    assert!(message.contains("mint"), "{message}");
    node.token(MINT, TOKEN, 6, &own, 2_500_001).await;
    let has = json!({ "balance": "2.500001", "symbol": "", "address": own, "decimals": 6 });
    assert_eq!(holder.gets(&app, "balance-token", token(MINT).clone()).await, has);
    // One of the newer program that names itself: authority, mint, name, symbol, link, nothing more.
    let named = |text: &str| [u32::try_from(text.len()).unwrap().to_le_bytes().to_vec(), text.into()].concat();
    let value = [vec![0; 64], named("Paper dollar"), named("PPR"), named(""), vec![0; 4]].concat();
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    let extension = [19_u16.to_le_bytes().to_vec(), length.to_vec(), value].concat();
    node.call("test_mint", json!([OTHER_MINT, TOKEN_2022, 2, 100_000, extension]))
        .await;
    let has = json!({ "balance": "0", "symbol": "PPR", "address": own, "decimals": 2 });
    assert_eq!(holder.gets(&app, "balance-token", token(OTHER_MINT).clone()).await, has);
    for (path, more) in [
        ("batch-balance-token", json!({ "tokenAddresses": [MINT] })),
        ("estimate-gas", json!({ "type": "send-coin", "to": TO, "amount": "1" })),
        ("balance-token", json!({ "tokenAddress": "0x00" })),
        ("balance-token", json!({ "tokenAddress": own })),
    ] {
        let mut body = more;
        body["network"] = NETWORK.into();
        refused(&holder.call(&app, path, &body).await, 400);
    }
}

async fn a_signed_transaction_does_what_it_says(engine: Engine) {
    let node = Solana::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &node.url())]).await;
    let mut holder = app.holder().await;
    let own = holder.solana.clone();
    node.fund(&own, 1_000_000_000).await;
    let hash = node.call("getLatestBlockhash", json!([])).await["value"]["blockhash"].clone();
    let transfer = json!({
        "programId": "11111111111111111111111111111111",
        "keys": [
            { "pubkey": own, "isSigner": true, "isWritable": true },
            { "pubkey": TO, "isSigner": false, "isWritable": true },
        ],
        // Transfer, 0.25 SOL.
        "data": [2, 0, 0, 0, 0x80, 0xb2, 0xe6, 0x0e, 0, 0, 0, 0],
    });
    let transaction = json!({ "feePayer": own, "recentBlockhash": hash, "instructions": [transfer] });
    let body = json!({ "network": NETWORK, "transaction": transaction });
    let signed = text(
        &holder.gets(&app, "sign-transaction", body.clone()).await,
        "signedTransaction",
    );
    let id = node
        .call("sendTransaction", json!([signed, { "encoding": "base64" }]))
        .await;
    assert_eq!(node.balance(TO).await, 250_000_000);

    let body = json!({ "network": NETWORK, "transactionHash": id });
    let detail = holder.gets(&app, "transaction-detail", body.clone()).await["transactionDetail"].clone();
    for (field, value) in [
        ("hash", id),
        ("from", json!(own)),
        ("to", json!(TO)),
        ("status", json!(1)),
        ("fee", json!("0.000005")),
        ("gasUsed", json!("150")),
        ("blockHash", Value::Null),
    ] {
        assert_eq!(detail[field], value, "{field} of {detail}");
    }
    let unknown = json!({ "network": NETWORK, "transactionHash": "1".repeat(64) });
    refused(&holder.call(&app, "transaction-detail", &unknown).await, 404);
    let wrong = json!({ "network": NETWORK, "transactionHash": own });
    refused(&holder.call(&app, "transaction-detail", &wrong).await, 400);
}

/// Nodes that lie, each in another way, and one that does not.
async fn a_node_that_says_what_cannot_be_is_passed_over(engine: Engine) {
    let (liar, node) = (Receiver::start().await.unwrap(), Solana::start());
    let said = |result: Value| {
        move |request: &aboard_fakes::Request| {
            let asked: Value = serde_json::from_slice(&request.body).unwrap();
            let result = match asked["method"].as_str() {
                Some("getGenesisHash") => json!("4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn"),
                _ => result.clone(),
            };
            Answer::json(200, &json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result })).into()
        }
    };
    let alone = TestApp::with(engine, &[(ENDPOINTS, &liar.url("/"))]).await;
    let mut holder = alone.holder().await;
    let asked = json!({ "network": NETWORK });
    for result in [
        json!(null),
        json!(-1),
        json!({ "value": "1" }),
        json!({ "value": -5 }),
        json!({ "value": 1e40 }),
    ] {
        liar.reply_with(said(result));
        refused(&holder.call(&alone, "balance-coin", &asked).await, 502);
    }
    // Lamports that are money are no business of a sandbox.
    liar.reply_with(|request| {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let main = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
        Answer::json(200, &json!({ "jsonrpc": "2.0", "id": asked["id"], "result": main })).into()
    });
    let message = refused(&holder.call(&alone, "balance-coin", &asked).await, 502);
    assert!(message.contains("main network"), "{message}");

    let both = format!("{}, {}", liar.url("/"), node.url());
    let app = TestApp::with(engine, &[(ENDPOINTS, &both)]).await;
    let mut holder = app.holder().await;
    node.fund(&holder.solana.clone(), 5).await;
    assert_eq!(
        holder.gets(&app, "balance-coin", asked.clone()).await["balance"],
        "0.000000005"
    );
}
