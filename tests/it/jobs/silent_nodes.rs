//! Nodes that say nothing: what they may have is neither given up nor waited for without an end.

use aboard::domain::SendState;
use serde_json::json;

use crate::support::anvil::{Anvil, SEPOLIA};
use crate::support::app::{Engine, on_both};
use crate::support::sending::{COIN, Rig, TO};
use crate::support::valve::{Loses, Valve};

on_both! {
    a_node_that_may_have_it_outweighs_one_that_refuses,
    what_a_silent_node_has_is_found_there,
    what_is_refused_is_dropped_once_nobody_may_have_it,
    a_node_that_was_never_reached_is_no_reason_to_wait,
    a_node_that_fails_now_and_then_does_not_keep_a_send_from_its_end,
    a_block_is_not_forgotten_while_nobody_answers,
}

const POOR: Loses = Loses::SendsSaying("insufficient funds for gas * price + value: balance 0");

/// A node that is behind and refuses what it is sent, asked first; and one whose answers are lost.
async fn refused_and_lost(engine: Engine, mines: bool) -> (Valve, Anvil, Rig) {
    let behind = Anvil::start();
    let refusing = Valve::before(&behind).await;
    refusing.loses(POOR);
    let chain = if mines {
        Anvil::start()
    } else {
        Anvil::with(&["--chain-id", &SEPOLIA.to_string(), "--no-mining"])
    };
    let rig = Rig::behind(engine, &refusing.url(), chain).await;
    behind.fund(&rig.ada.evm, 10 * COIN).await;
    rig.node.loses(Loses::AnswersToSends);
    (refusing, behind, rig)
}

async fn a_node_that_may_have_it_outweighs_one_that_refuses(engine: Engine) {
    let (refusing, _behind, mut rig) = refused_and_lost(engine, true).await;
    let sent = rig.sends_coin(json!({})).await;
    assert_eq!(rig.mined(&sent["hash"]).await["status"], "0x1", "it arrived");
    assert_eq!(rig.stored().await[0].state, SendState::Stored);
    // The node that is behind says all along that there is no such transaction.
    for _ in 0..2 {
        rig.follow().await;
    }
    assert_eq!(rig.told(&sent["hash"]).await, ["sent"]);
    refusing.loses(Loses::Everything);
    rig.node.loses(Loses::Nothing);
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
    assert_eq!(rig.chain.balance(TO).await % COIN, COIN / 10);
}

async fn what_a_silent_node_has_is_found_there(engine: Engine) {
    let (refusing, _behind, mut rig) = refused_and_lost(engine, false).await;
    let sent = rig.sends_coin(json!({})).await;
    for _ in 0..4 {
        rig.follow().await;
    }
    // It waits at the node whose answers are lost, whatever the one that is asked first knows of it.
    assert_eq!(rig.told(&sent["hash"]).await, ["sent"]);
    rig.chain.mine(1).await;
    refusing.loses(Loses::Everything);
    rig.follow().await;
    assert_eq!(rig.told(&sent["hash"]).await, ["sent", "confirmed"]);
}

async fn what_is_refused_is_dropped_once_nobody_may_have_it(engine: Engine) {
    let (_refusing, _behind, mut rig) = refused_and_lost(engine, true).await;
    // It arrives nowhere, which nobody knows as long as the second one answers nothing.
    rig.node.loses(Loses::Sends);
    let first = rig.sends_coin(json!({})).await;
    rig.node.loses(Loses::Everything);
    rig.follow().await;
    assert_eq!(rig.stored().await[0].state, SendState::Stored);
    // It answers again, and has nothing.
    rig.node.loses(Loses::Sends);
    rig.follow().await;
    assert_eq!(rig.told(&first["hash"]).await, ["failed"]);
    // One that never answers again does not hold the lane for ever.
    let second = rig.sends_coin(json!({ "amount": "0.2" })).await;
    assert_eq!(second["nonce"], 0);
    rig.node.loses(Loses::Everything);
    rig.follow().await;
    assert_eq!(rig.stored().await[0].state, SendState::Stored);
    for _ in 0..3 {
        rig.follow().await;
    }
    assert_eq!(rig.told(&second["hash"]).await, ["failed"]);
}

async fn a_node_that_was_never_reached_is_no_reason_to_wait(engine: Engine) {
    let dead = aboard_fakes::Receiver::start().await.expect("a free port").url("/");
    let mut rig = Rig::behind(engine, &dead, Anvil::start()).await;
    rig.node.loses(POOR);
    let body = json!({ "to": TO, "amount": "0.1" });
    let message = rig.refused("send-coin", body, 422).await;
    assert!(message.contains("will not be sent"), "{message}");
    rig.node.loses(Loses::Nothing);
    assert_eq!(rig.sends_coin(json!({})).await["nonce"], 0);
}

async fn a_node_that_fails_now_and_then_does_not_keep_a_send_from_its_end(engine: Engine) {
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
    for loses in [Loses::Nothing, Loses::Everything, Loses::Nothing] {
        assert!(rig.told(&sent["hash"]).await.is_empty());
        rig.node.loses(loses);
        rig.app.advance(61);
        rig.app.app.sends.run_due().await;
    }
    assert_eq!(rig.told(&sent["hash"]).await, ["replaced"]);
}

async fn a_block_is_not_forgotten_while_nobody_answers(engine: Engine) {
    let mut rig = Rig::with(engine, &[("networks.ethereum-sepolia.confirmations", "3")]).await;
    rig.sends_coin(json!({})).await;
    rig.follow().await;
    let block = rig.stored().await[0].block;
    assert!(block.is_some());
    rig.node.loses(Loses::Everything);
    rig.follow().await;
    let stored = rig.stored().await;
    assert_eq!(stored[0].block, block);
    assert!(stored[0].last_error.is_some());
}
