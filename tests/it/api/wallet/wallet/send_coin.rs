//! `POST /api/v{1,2}/wallet/send-coin`

use aboard::domain::SendState;
use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS};
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::sending::{COIN, Rig, TO, on_sepolia};
use crate::support::store::race;
use crate::support::valve::Loses;
use crate::support::wallets::{bearer, data_of, text};

on_both! {
    a_coin_arrives_and_events_tell_of_it,
    version_1_sends_as_well,
    what_cannot_be_sent_is_refused_and_nothing_is_signed,
    two_at_once_have_nonces_of_their_own,
    a_call_that_is_made_again_with_its_key_sends_once,
    the_same_within_a_minute_is_a_mistake,
    a_back_end_may_have_to_send_a_key,
    what_the_nodes_refuse_is_not_sent_and_leaves_its_nonce,
    a_nonce_is_the_next_or_that_of_what_it_replaces,
    nothing_is_sent_while_it_is_paused,
    networks_without_nodes_and_other_families_are_told_apart,
}

async fn a_coin_arrives_and_events_tell_of_it(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let answer = rig
        .ada
        .call(
            &rig.app,
            "send-coin",
            &on_sepolia(json!({ "to": TO, "amount": "0.015" })),
        )
        .await;
    assert_eq!(answer.json()["message"], "Send Coin is processing");
    let receipt = data_of(&answer)["txReceipt"].clone();
    let hash = receipt["hash"].clone();
    for (field, expected) in [
        ("_type", json!("TransactionResponse")),
        ("from", json!(rig.ada.evm)),
        ("to", json!(TO)),
        ("value", json!("15000000000000000")),
        ("nonce", json!(0)),
        ("chainId", json!("11155111")),
        ("type", json!(2)),
        ("data", json!("0x")),
        ("gasLimit", json!("21000")),
        ("accessList", json!([])),
        ("blockNumber", Value::Null),
        ("blockHash", Value::Null),
    ] {
        assert_eq!(receipt[field], expected, "{field}");
    }
    assert_eq!(receipt["signature"]["_type"], "signature");
    assert_eq!(rig.mined(&hash).await["status"], "0x1");
    assert_eq!(rig.chain.balance(TO).await % COIN, 15_000_000_000_000_000);
    let mined = rig.chain.ask("eth_getTransactionByHash", json!([hash])).await;
    for name in ["maxFeePerGas", "maxPriorityFeePerGas"] {
        let wei = crate::support::anvil::number(&mined[name]).to_string();
        assert_eq!(receipt[name], wei, "{name}");
    }
    assert_eq!(rig.told(&hash).await, ["sent"]);
    rig.follow().await;
    assert_eq!(rig.told(&hash).await, ["sent", "confirmed"]);
    let events = rig.events().await;
    let data = &events[1]["data"];
    for (field, expected) in [
        ("network", json!("ethereum-sepolia")),
        ("from", json!(rig.ada.evm)),
        ("nonce", json!(0)),
        ("kind", json!("coin")),
    ] {
        assert_eq!(data[field], expected, "{field}");
    }
    assert!(data["block_number"].as_u64().is_some_and(|block| block > 0), "{data}");
    for (field, prefix) in [
        ("transaction_id", "snd_"),
        ("wallet_id", "wlt_"),
        ("user_id", "usr_"),
        ("app_id", "app_"),
    ] {
        assert!(text(data, field).starts_with(prefix), "{data}");
    }
}

async fn version_1_sends_as_well(engine: Engine) {
    let chain = Anvil::start();
    let app = TestApp::with(engine, &[(ENDPOINTS, &chain.url)]).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    chain.fund(&crate::support::wallets::address(&made, "evm"), COIN).await;
    let v1 = crate::support::codes::Way {
        login: "/api/v1/auth/login-otp",
        verify: "/api/v1/auth/verify-otp",
        ..EMAIL
    };
    let entered = app.enter(v1, &shop).await;
    let wallet = bearer(&shop, &text(&entered, "walletToken"));
    for nonce in 0..2 {
        let body = on_sepolia(json!({ "to": TO, "amount": format!("0.{}", nonce + 1) }));
        let receipt = data_of(&wallet.post("/api/v1/wallet/send-coin", &body).await)["txReceipt"].clone();
        assert_eq!(receipt["nonce"], nonce);
    }
}

async fn what_cannot_be_sent_is_refused_and_nothing_is_signed(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let good = || json!({ "to": TO, "amount": "1" });
    for (field, value, status, said) in [
        (
            "to",
            json!("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"),
            400,
            "checksum",
        ),
        ("to", Value::Null, 400, "to is required"),
        ("amount", json!("0.0000000000000000001"), 400, "19 decimals"),
        ("amount", json!("1e3"), 400, "digits"),
        ("amount", json!(1), 400, "must be a text"),
        ("amount", Value::Null, 400, "amount is required"),
        ("amount", json!("11"), 400, "more than the wallet has: 10 ETH"),
        ("amount", json!("10"), 400, "fees of up to"),
        ("chainId", json!(84_532), 400, "Make them agree"),
        ("nonce", json!("-1"), 400, "nonce must be a whole number"),
        ("nonce", json!(5), 409, "The nonce has to be 0"),
        ("gasPrice", json!("2000000000000"), 400, "more than the 1000 gwei"),
        ("maxFeePerGas", json!("2000000000000"), 400, "max_fee_gwei"),
        ("maxPriorityFeePerGas", json!("200000000000"), 400, "max_tip_gwei"),
        ("gasLimit", json!("20000"), 422, "The network does not take this"),
        ("allowDuplicate", json!("yes"), 400, "true or false"),
        ("replaces", json!("0x5c"), 400, "the nonce says"),
    ] {
        let mut body = good();
        body[field] = value;
        let message = rig.refused("send-coin", body, status).await;
        assert!(message.contains(said), "{field}: {message}");
    }
    let mut body = good();
    body["gasPrice"] = json!("1000000000");
    body["maxFeePerGas"] = json!("1000000000");
    assert!(rig.refused("send-coin", body, 400).await.contains("excludes"));
    let sent = rig.stored().await;
    // What the node itself refused was signed, and nothing else.
    assert_eq!(
        sent.iter().map(|send| send.state).collect::<Vec<_>>(),
        [SendState::Dropped]
    );
    assert_eq!(rig.sends_coin(json!({})).await["nonce"], 0);
}

async fn two_at_once_have_nonces_of_their_own(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let bodies = ["0.1", "0.2", "0.3", "0.4"].map(|amount| on_sepolia(json!({ "to": TO, "amount": amount })));
    let mut wallets = Vec::new();
    for _ in &bodies {
        wallets.push(rig.ada.next(&rig.app).await);
    }
    let answers = race(bodies.len(), |number| {
        let (wallet, body) = (wallets[number].clone(), bodies[number].clone());
        async move { wallet.post("/api/v2/wallet/send-coin", &body).await }
    })
    .await;
    let mut nonces: Vec<_> = answers
        .iter()
        .map(|answer| data_of(answer)["txReceipt"]["nonce"].as_u64().expect("a number"))
        .collect();
    nonces.sort_unstable();
    assert_eq!(nonces, [0, 1, 2, 3]);
    rig.follow().await;
    assert!(rig.stored().await.iter().all(|send| send.state == SendState::Confirmed));
    assert_eq!(rig.chain.balance(TO).await % (100 * COIN), COIN);
}

async fn a_call_that_is_made_again_with_its_key_sends_once(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let body = on_sepolia(json!({ "to": TO, "amount": "0.1" }));
    let mut call = async |body: Value| {
        let wallet = rig.ada.next(&rig.app).await.with("idempotency-key", "order-1");
        wallet.post("/api/v2/wallet/send-coin", &body).await
    };
    let first = call(body.clone()).await;
    let again = call(body.clone()).await;
    assert_eq!(data_of(&first), data_of(&again));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        ("", "true")
    );
    let mut other = body.clone();
    other["amount"] = json!("0.2");
    assert_eq!(call(other).await.status, 422);
    assert_eq!(rig.stored().await.len(), 1);
    // Even while no node answers.
    rig.node.loses(Loses::Everything);
    let wallet = rig.ada.next(&rig.app).await.with("idempotency-key", "order-1");
    let again = wallet.post("/api/v2/wallet/send-coin", &body).await;
    assert_eq!(data_of(&first), data_of(&again));
    // What never came to be sent is sent when it is asked for again.
    let body = on_sepolia(json!({ "to": TO, "amount": "0.3" }));
    let wallet = rig.ada.next(&rig.app).await.with("idempotency-key", "order-2");
    assert_eq!(wallet.post("/api/v2/wallet/send-coin", &body).await.status, 503);
    rig.node.loses(Loses::Nothing);
    rig.app.advance(31);
    let wallet = rig.ada.next(&rig.app).await.with("idempotency-key", "order-2");
    let sent = wallet.post("/api/v2/wallet/send-coin", &body).await;
    assert_eq!(data_of(&sent)["txReceipt"]["nonce"], 1);
    assert_eq!(sent.header("idempotent-replayed"), "");
}

async fn the_same_within_a_minute_is_a_mistake(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let first = rig.sends_coin(json!({})).await;
    let again = on_sepolia(json!({ "to": TO, "amount": "0.10" }));
    let answer = rig.ada.call(&rig.app, "send-coin", &again).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.json()["data"]["hash"], first["hash"]);
    assert!(text(&answer.json(), "message").contains(&text(&first, "hash")));
    // The same by another name is the same.
    let transaction = json!({ "transaction": { "to": TO, "value": "100000000000000000" } });
    rig.refused("send-transaction", transaction, 409).await;
    assert_eq!(rig.sends_coin(json!({ "allowDuplicate": true })).await["nonce"], 1);
    let key = rig.ada.next(&rig.app).await.with("idempotency-key", "a");
    let keyed = key.post("/api/v2/wallet/send-coin", &again).await;
    assert_eq!(data_of(&keyed)["txReceipt"]["nonce"], 2);
    rig.app.advance(61);
    assert_eq!(rig.sends_coin(json!({})).await["nonce"], 3);
}

async fn a_back_end_may_have_to_send_a_key(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.app.set("wallets.sends_need_key", "true").await;
    let message = rig.refused("send-coin", json!({ "to": TO, "amount": "1" }), 400).await;
    assert!(message.contains("An Idempotency-Key is required"), "{message}");
    let wallet = rig.ada.next(&rig.app).await.with("idempotency-key", "a");
    let body = on_sepolia(json!({ "to": TO, "amount": "1" }));
    data_of(&wallet.post("/api/v2/wallet/send-coin", &body).await);
}

async fn what_the_nodes_refuse_is_not_sent_and_leaves_its_nonce(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    for words in ["exceeds block gas limit", "transaction underpriced"] {
        rig.node.loses(Loses::SendsSaying(words));
        let message = rig
            .refused("send-coin", json!({ "to": TO, "amount": "0.1" }), 422)
            .await;
        assert!(message.contains("The network does not take this"), "{message}");
    }
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    assert_eq!(rig.chain.balance(TO).await % COIN, 0);
    let sent = rig.sends_coin(json!({})).await;
    assert_eq!(sent["nonce"], 0);
    let states: Vec<_> = rig.stored().await.iter().map(|send| send.state).collect();
    assert_eq!(states, [SendState::Broadcast, SendState::Dropped, SendState::Dropped]);
    // The same bytes come out when the same is signed for the same nonce.
    assert_eq!(rig.told(&sent["hash"]).await, ["failed", "failed", "sent"]);
}

async fn a_nonce_is_the_next_or_that_of_what_it_replaces(engine: Engine) {
    let mut rig = Rig::waiting(engine).await;
    let first = rig
        .sends_coin(json!({ "nonce": 0, "maxFeePerGas": "5000000000", "maxPriorityFeePerGas": "1000000000" }))
        .await;
    // More is offered, by at least a tenth, whether the caller says how much or not.
    let little = json!({
        "to": TO, "amount": "0.2", "nonce": "0", "maxFeePerGas": "5400000000", "maxPriorityFeePerGas": "1100000000",
    });
    let message = rig.refused("send-coin", little, 400).await;
    assert!(message.contains("at least 5500000000 and 1100000000"), "{message}");
    let second = rig.sends_coin(json!({ "nonce": "0x0" })).await;
    let wei = |receipt: &Value, name: &str| text(receipt, name).parse::<u128>().expect("wei");
    assert!(wei(&second, "maxFeePerGas") >= 5_500_000_000 && wei(&second, "maxPriorityFeePerGas") >= 1_100_000_000);
    assert_eq!(rig.sends_coin(json!({ "amount": "0.3" })).await["nonce"], 1);
    for (nonce, said) in [(3, "has to be 2"), (9, "has to be 2")] {
        let message = rig
            .refused("send-coin", json!({ "to": TO, "amount": "0.4", "nonce": nonce }), 409)
            .await;
        assert!(message.contains(said), "{message}");
    }
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&first["hash"]).await, ["sent", "replaced"]);
    assert_eq!(rig.told(&second["hash"]).await, ["sent", "confirmed"]);
    let events = rig.events().await;
    let replaced = events
        .iter()
        .find(|event| event["type"] == "transaction.replaced")
        .expect("told");
    assert_eq!(replaced["data"]["replaced_by"], second["hash"]);
    assert_eq!(replaced["data"]["cancelled"], false);
    assert_eq!(rig.receipt(&first["hash"]).await, Value::Null);
    // What stands in the chain is not replaced, whatever a node says.
    rig.refused("send-coin", json!({ "to": TO, "amount": "0.4", "nonce": 0 }), 409)
        .await;
}

async fn nothing_is_sent_while_it_is_paused(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let environment = rig.app.sandbox.environment.id;
    let store = rig.app.instance().store.clone();
    let pause = aboard::store::SendPause {
        environment,
        network: Some("ethereum-sepolia".to_owned()),
        reason: "It is being upgraded.".to_owned(),
        paused_at: rig.app.now(),
    };
    rig.node.loses(Loses::Sends);
    let waiting = rig.sends_coin(json!({})).await;
    assert!(store.pause_sends(&rig.app.admin(), pause).await.unwrap());
    rig.node.loses(Loses::Nothing);
    let message = rig
        .refused("send-coin", json!({ "to": TO, "amount": "0.2" }), 503)
        .await;
    assert!(message.contains("It is being upgraded."), "{message}");
    rig.follow().await;
    assert_eq!(rig.receipt(&waiting["hash"]).await, Value::Null);
    let (admin, network) = (rig.app.admin(), Some("ethereum-sepolia"));
    let resumed = store.resume_sends(&admin, environment, network, rig.app.now()).await;
    assert!(resumed.unwrap());
    rig.app.app.sends.run_due().await;
    assert_eq!(rig.mined(&waiting["hash"]).await["status"], "0x1");
}

async fn networks_without_nodes_and_other_families_are_told_apart(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    for (network, said) in [
        ("base-sepolia", "networks.base-sepolia.endpoints"),
        ("solana-devnet", "networks.solana-devnet.endpoints"),
        ("ethereum", "test networks alone"),
    ] {
        let body = json!({ "network": network, "to": TO, "amount": "1" });
        let message = rig.ada.refused(&rig.app, "send-coin", body, 400).await;
        assert!(message.contains(said), "{network}: {message}");
    }
}
