//! `POST /api/v{1,2}/wallet/cancel-transaction`

use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::sending::{COIN, Rig, TO, on_sepolia};
use crate::support::store::race;
use crate::support::valve::Loses;
use crate::support::wallets::data_of;

on_both! {
    nothing_takes_the_place_of_what_waits,
    what_has_happened_or_never_was_cannot_be_cancelled,
    what_was_sent_elsewhere_is_cancelled_too,
    a_send_that_no_node_has_is_cancelled_before_it_leaves,
    what_was_sent_elsewhere_is_cancelled_once,
    a_gas_price_past_the_highest_tip_is_cancelled_by_a_gas_price,
}

async fn nothing_takes_the_place_of_what_waits(engine: Engine) {
    let mut rig = Rig::waiting(engine).await;
    let first = rig.sends_coin(json!({})).await;
    let second = rig.sends_coin(json!({ "amount": "0.2" })).await;
    let answer = rig
        .ada
        .call(&rig.app, "cancel-transaction", &on_sepolia(json!({ "nonce": 0 })))
        .await;
    assert_eq!(answer.json()["message"], "Cancellation is in progress");
    let cancel = data_of(&answer);
    assert_ne!(cancel["hash"], first["hash"]);
    // A client that lost the answer learns which it was.
    let again = rig
        .ada
        .call(&rig.app, "cancel-transaction", &on_sepolia(json!({ "nonce": "0" })))
        .await;
    assert_eq!((again.status, &again.json()["data"]["hash"]), (409, &cancel["hash"]));
    let waits = rig.chain.ask("eth_getTransactionByHash", json!([cancel["hash"]])).await;
    assert_eq!((&waits["nonce"], &waits["value"]), (&json!("0x0"), &json!("0x0")));
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&first["hash"]).await, ["sent", "replaced"]);
    assert_eq!(rig.told(&cancel["hash"]).await, ["sent", "confirmed"]);
    assert_eq!(rig.told(&second["hash"]).await, ["sent", "confirmed"]);
    let events = rig.events().await;
    let replaced = events
        .iter()
        .find(|event| event["type"] == "transaction.replaced")
        .expect("told");
    assert_eq!(replaced["data"]["cancelled"], true);
    assert_eq!(replaced["data"]["replaced_by"], cancel["hash"]);
    assert_eq!(rig.chain.balance(TO).await % COIN, 2 * COIN / 10);
}

async fn what_has_happened_or_never_was_cannot_be_cancelled(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.sends_coin(json!({})).await;
    rig.follow().await;
    for (nonce, status, said) in [
        (json!(0), 409, "stands in the chain"),
        (json!(1), 409, "nothing to cancel"),
        (Value::Null, 400, "nonce is required"),
        (json!("x"), 400, "whole number"),
    ] {
        let message = rig
            .refused("cancel-transaction", json!({ "nonce": nonce }), status)
            .await;
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(rig.stored().await.len(), 1);
}

async fn what_was_sent_elsewhere_is_cancelled_too(engine: Engine) {
    let mut rig = Rig::waiting(engine).await;
    let transaction = json!({
        "to": TO, "value": COIN.to_string(), "nonce": 0, "gasLimit": 21_000, "maxFeePerGas": "2000000000",
        "maxPriorityFeePerGas": "1",
    });
    let signed = rig
        .gets("sign-transaction", json!({ "transaction": transaction }))
        .await;
    rig.chain
        .ask("eth_sendRawTransaction", json!([signed["signedTransaction"]]))
        .await;
    let cancel = rig.gets("cancel-transaction", json!({ "nonce": 0 })).await;
    assert_eq!(
        rig.sends_coin(json!({})).await["nonce"],
        1,
        "it is counted here as well"
    );
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&cancel["hash"]).await, ["sent", "confirmed"]);
    assert_eq!(rig.chain.balance(TO).await % COIN, COIN / 10);
}

async fn a_send_that_no_node_has_is_cancelled_before_it_leaves(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    // The chain is met once, so that the lane is known.
    rig.sends_coin(json!({ "amount": "0.5" })).await;
    rig.node.loses(Loses::Sends);
    let first = rig.sends_coin(json!({})).await;
    rig.node.loses(Loses::Everything);
    let cancel = rig.gets("cancel-transaction", json!({ "nonce": 1 })).await;
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    assert_eq!(rig.told(&cancel["hash"]).await, ["sent", "confirmed"]);
    assert_eq!(rig.told(&first["hash"]).await, ["replaced"]);
    assert_eq!(rig.chain.balance(TO).await % COIN, COIN / 2);
}

async fn what_was_sent_elsewhere_is_cancelled_once(engine: Engine) {
    let mut rig = Rig::waiting(engine).await;
    let transaction = json!({
        "to": TO, "value": COIN.to_string(), "nonce": 0, "gasLimit": 21_000, "maxFeePerGas": "2000000000",
    });
    let signed = rig
        .gets("sign-transaction", json!({ "transaction": transaction }))
        .await;
    rig.chain
        .ask("eth_sendRawTransaction", json!([signed["signedTransaction"]]))
        .await;
    let mut wallets = Vec::new();
    for _ in 0..4 {
        wallets.push(rig.ada.next(&rig.app).await);
    }
    let answers = race(wallets.len(), |number| {
        let wallet = wallets[number].clone();
        async move {
            let body = on_sepolia(json!({ "nonce": 0 }));
            wallet.post("/api/v2/wallet/cancel-transaction", &body).await
        }
    })
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(rig.stored().await.len(), 1);
}

async fn a_gas_price_past_the_highest_tip_is_cancelled_by_a_gas_price(engine: Engine) {
    let mut rig = Rig::waiting(engine).await;
    let first = rig.sends_coin(json!({ "gasPrice": "150000000000" })).await;
    assert_eq!(first["type"], 0);
    let little = json!({ "to": TO, "amount": "0.2", "nonce": 0, "gasPrice": "160000000000" });
    let message = rig.refused("send-coin", little, 400).await;
    assert!(message.starts_with("gasPrice has to be"), "{message}");
    assert!(message.contains("at least 165000000000 wei"), "{message}");
    let cancel = rig.gets("cancel-transaction", json!({ "nonce": 0 })).await;
    let waits = rig.chain.ask("eth_getTransactionByHash", json!([cancel["hash"]])).await;
    assert_eq!(waits["type"], "0x0");
    assert!(crate::support::anvil::number(&waits["gasPrice"]) >= 165_000_000_000);
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&first["hash"]).await, ["sent", "replaced"]);
    assert_eq!(rig.told(&cancel["hash"]).await, ["sent", "confirmed"]);
}
