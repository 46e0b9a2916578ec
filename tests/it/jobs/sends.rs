//! Sends that survive: nodes that are down, answers that are lost, a server that dies.

use aboard::config::Family;
use aboard::domain::{Lane, SendId, SendKind, SendState};
use aboard::store::{Keeping, NewReservation, NewSend, Reservation, WantedSequence};
use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::sending::{COIN, Rig, TO};
use crate::support::valve::Loses;

on_both! {
    what_no_node_takes_is_sent_later_and_signed_once,
    a_lost_answer_sends_nothing_twice,
    with_everything_said_a_send_waits_for_a_chain_that_is_down,
    what_was_stored_when_the_server_died_is_sent,
    what_a_node_forgot_it_is_given_again,
    a_nonce_that_was_used_elsewhere_replaces_the_send,
    a_block_is_believed_once_enough_stand_above_it,
    what_a_frozen_wallet_signed_is_offered_to_nobody,
    what_an_erased_user_sent_is_offered_to_nobody,
    a_block_whose_receipts_come_late_replaces_nothing,
    a_receipt_of_another_sender_is_none,
    a_nonce_that_nothing_leads_to_is_not_believed,
    a_nonce_that_nothing_leads_to_is_left_again,
}

async fn what_no_node_takes_is_sent_later_and_signed_once(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Sends);
    let first = rig.sends_coin(json!({})).await;
    let second = rig.sends_coin(json!({ "amount": "0.2" })).await;
    assert_eq!((&first["nonce"], &second["nonce"]), (&json!(0), &json!(1)));
    for _ in 0..3 {
        rig.follow().await;
    }
    assert!(rig.stored().await.iter().all(|send| send.state == SendState::Stored));
    assert!(rig.events().await.is_empty());
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    rig.follow().await;
    for sent in [&first, &second] {
        assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
    }
    assert_eq!(rig.chain.balance(TO).await % COIN, 3 * COIN / 10);
    let mut raw = rig.node.sent();
    raw.sort();
    raw.dedup();
    assert_eq!(raw.len(), 2, "the same bytes again and again");
}

async fn a_lost_answer_sends_nothing_twice(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::AnswersToSends);
    let sent = rig.sends_coin(json!({})).await;
    assert_eq!(rig.mined(&sent["hash"]).await["status"], "0x1", "it arrived");
    assert_eq!(rig.stored().await[0].state, SendState::Stored);
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
    assert_eq!(rig.chain.balance(TO).await % COIN, COIN / 10);
}

async fn with_everything_said_a_send_waits_for_a_chain_that_is_down(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Everything);
    let body = json!({
        "to": TO, "amount": "0.3", "gasLimit": 21_000, "maxFeePerGas": "5000000000", "maxPriorityFeePerGas": "1000000000",
    });
    // Nothing is known of this address yet: which nonce comes next only the chain can say.
    let message = rig.refused("send-coin", body.clone(), 503).await;
    assert!(message.contains("No node of this network"), "{message}");
    rig.node.loses(Loses::Nothing);
    rig.sends_coin(json!({})).await;
    rig.node.loses(Loses::Everything);
    rig.refused("send-coin", json!({ "to": TO, "amount": "0.2" }), 503)
        .await;
    let asked = rig.node.asked("eth_chainId").len();
    let sent = rig.sends("send-coin", body).await;
    assert_eq!(sent["nonce"], 1);
    // For the nonce, and with the transaction. Each question costs what all nodes together may take, and a call has its end.
    assert_eq!(rig.node.asked("eth_chainId").len() - asked, 2);
    rig.follow().await;
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
}

/// What a request does up to the moment at which its server dies: signed and stored, offered to nobody.
async fn stored_and_forgotten(rig: &mut Rig) -> (SendId, Value) {
    let transaction = json!({
        "to": TO, "value": (COIN / 10).to_string(), "nonce": 0, "gasLimit": 21_000, "maxFeePerGas": "5000000000",
        "maxPriorityFeePerGas": "1000000000",
    });
    let signed = rig
        .gets("sign-transaction", json!({ "transaction": transaction }))
        .await;
    let instance = rig.app.instance();
    let (store, now) = (&instance.store, rig.app.now());
    let app = store
        .app(rig.ada.app())
        .await
        .unwrap()
        .expect("the shop")
        .public_scope();
    let reserved = NewReservation {
        id: SendId(instance.ids.id()),
        wallet: rig.ada.wallet(),
        lane: Lane {
            network: "ethereum-sepolia".to_owned(),
            address: rig.ada.evm.clone(),
        },
        digest: [1; 32],
        key: None,
        allow_duplicate: false,
        sequence: WantedSequence::Next { at_least: 0 },
        held_until: now + jiff::SignedDuration::from_secs(20),
    };
    let reservation = store.reserve_send(&app, reserved.clone(), now).await.unwrap();
    assert_eq!(reservation, Reservation::Reserved { sequence: Some(0) });
    let raw = signed["signedTransaction"].as_str().unwrap().trim_start_matches("0x");
    let new = NewSend {
        id: reserved.id,
        wallet: reserved.wallet,
        app: app.app(),
        kind: SendKind::Coin,
        family: Family::Evm,
        lane: reserved.lane,
        sequence: Some(0),
        digest: reserved.digest,
        key: None,
        raw: (0..raw.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&raw[at..at + 2], 16).unwrap())
            .collect(),
        hash: signed["hash"].as_str().unwrap().to_owned(),
        replaces: None,
        expires_at_height: None,
        owner: instance.ids.id(),
        due_at: now + jiff::SignedDuration::from_secs(30),
    };
    assert_eq!(store.keep_send(&app, new, now).await.unwrap(), Keeping::Kept);
    (reserved.id, signed["hash"].clone())
}

async fn what_was_stored_when_the_server_died_is_sent(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let (_, hash) = stored_and_forgotten(&mut rig).await;
    rig.app.app.sends.run_due().await;
    assert_eq!(
        rig.receipt(&hash).await,
        Value::Null,
        "whoever stored it may still be at it"
    );
    // What comes next meanwhile has the next nonce.
    assert_eq!(rig.sends_coin(json!({ "amount": "0.2" })).await["nonce"], 1);
    rig.follow().await;
    rig.follow().await;
    assert_eq!(rig.told(&hash).await, ["sent", "confirmed"]);
    assert_eq!(rig.chain.balance(TO).await % COIN, 3 * COIN / 10);
}

async fn what_a_node_forgot_it_is_given_again(engine: Engine) {
    let mut rig = Rig::waiting(engine).await;
    let sent = rig.sends_coin(json!({})).await;
    rig.chain.ask("anvil_dropTransaction", json!([sent["hash"]])).await;
    rig.follow().await;
    let waits = rig.chain.ask("eth_getTransactionByHash", json!([sent["hash"]])).await;
    assert_eq!(waits["nonce"], "0x0", "{waits}");
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
    let raw = rig.node.sent();
    assert!(raw.len() >= 2 && raw.iter().all(|one| *one == raw[0]));
}

async fn a_nonce_that_was_used_elsewhere_replaces_the_send(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Sends);
    let sent = rig.sends_coin(json!({})).await;
    let transaction = json!({
        "to": TO, "value": "7", "nonce": 0, "gasLimit": 21_000, "maxFeePerGas": "5000000000",
    });
    let signed = rig
        .gets("sign-transaction", json!({ "transaction": transaction }))
        .await;
    rig.chain
        .ask("eth_sendRawTransaction", json!([signed["signedTransaction"]]))
        .await;
    rig.node.loses(Loses::Nothing);
    rig.app.advance(61);
    rig.app.app.sends.run_due().await;
    assert!(rig.told(&sent["hash"]).await.is_empty(), "not believed at once");
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["replaced"]);
    let events = rig.events().await;
    assert_eq!(events[0]["data"]["replaced_by"], Value::Null);
    assert_eq!(rig.stored().await[0].state, SendState::Replaced);
    assert_eq!(rig.sends_coin(json!({ "amount": "0.2" })).await["nonce"], 1);
}

async fn a_block_is_believed_once_enough_stand_above_it(engine: Engine) {
    let mut rig = Rig::with(engine, &[("networks.ethereum-sepolia.confirmations", "3")]).await;
    let sent = rig.sends_coin(json!({})).await;
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent"]);
    let stored = rig.stored().await;
    assert!(stored[0].block.is_some() && stored[0].state == SendState::Broadcast);
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent"]);
    rig.chain.mine(1).await;
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
}

async fn what_a_frozen_wallet_signed_is_offered_to_nobody(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Sends);
    let sent = rig.sends_coin(json!({})).await;
    let (store, admin) = (rig.app.instance().store.clone(), rig.app.admin());
    let (environment, wallet) = (rig.app.sandbox.environment.id, rig.ada.wallet());
    let freeze = async |frozen| {
        store
            .set_wallet_frozen(&admin, environment, wallet, frozen, rig.app.now())
            .await
    };
    assert!(freeze(true).await.unwrap());
    rig.node.loses(Loses::Nothing);
    let before = rig.node.sent().len();
    for _ in 0..2 {
        rig.follow().await;
    }
    assert_eq!(
        (rig.node.sent().len(), rig.receipt(&sent["hash"]).await),
        (before, Value::Null)
    );
    assert!(freeze(false).await.unwrap());
    for _ in 0..2 {
        rig.follow().await;
    }
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
}

async fn what_an_erased_user_sent_is_offered_to_nobody(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let (_, never_offered) = stored_and_forgotten(&mut rig).await;
    rig.node.loses(Loses::Sends);
    let offered = rig.sends_coin(json!({ "amount": "0.2" })).await;
    rig.app.execute("update users set status = 'erased'").await;
    rig.node.loses(Loses::Nothing);
    let before = rig.node.sent().len();
    rig.follow().await;
    assert_eq!(rig.told(&never_offered).await, ["failed"]);
    assert!(rig.told(&offered["hash"]).await.is_empty(), "a node may have it");
    rig.app.advance(24 * 3_600);
    rig.follow().await;
    assert_eq!(rig.told(&offered["hash"]).await, ["failed"]);
    assert_eq!(rig.node.sent().len(), before);
}

async fn a_block_whose_receipts_come_late_replaces_nothing(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Receipts);
    let sent = rig.sends_coin(json!({})).await;
    for _ in 0..3 {
        rig.follow().await;
    }
    assert_eq!(rig.told(&sent["hash"]).await, ["sent"]);
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
}

async fn a_receipt_of_another_sender_is_none(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Senders);
    let sent = rig.sends_coin(json!({})).await;
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent"]);
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
}

async fn a_nonce_that_nothing_leads_to_is_not_believed(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    for count in [1_001, 5_000_000_000, (1 << 63) - 1, u64::MAX] {
        rig.node.loses(Loses::Pending(count));
        rig.refused("send-coin", json!({ "to": TO, "amount": "0.1" }), 502)
            .await;
    }
    rig.node.loses(Loses::Nothing);
    assert!(rig.stored().await.is_empty());
    assert_eq!(rig.sends_coin(json!({})).await["nonce"], 0);
}

/// A node that says the same of what is in the chain is believed, and does not keep the address from sending.
async fn a_nonce_that_nothing_leads_to_is_left_again(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    rig.node.loses(Loses::Counts(3_000_000));
    let far = rig.sends_coin(json!({})).await;
    assert_eq!(far["nonce"], 3_000_000);
    rig.node.loses(Loses::Nothing);
    assert_eq!(rig.sends_coin(json!({ "amount": "0.2" })).await["nonce"], 0);
    let named = rig.sends_coin(json!({ "amount": "0.3", "nonce": 1 })).await;
    assert_eq!(rig.mined(&named["hash"]).await["status"], "0x1");
    for _ in 0..2 {
        rig.follow().await;
    }
    assert_eq!(rig.told(&far["hash"]).await.last().map(String::as_str), Some("failed"));
    assert_eq!(rig.sends_coin(json!({ "amount": "0.4" })).await["nonce"], 2);
}
