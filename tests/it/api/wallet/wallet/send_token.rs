//! `POST /api/v{1,2}/wallet/send-token`

use serde_json::{Value, json};

use crate::support::anvil::{Anvil, number};
use crate::support::app::{Engine, on_both};
use crate::support::sending::{COIN, Rig, TO};
use crate::support::valve::{Loses, Valve, asks_decimals};

on_both! {
    tokens_arrive,
    what_cannot_be_sent_is_refused_and_nothing_is_signed,
    no_node_alone_says_where_the_point_stands,
    what_the_operator_knows_of_a_token_no_node_is_asked,
}

/// The first contract of a new chain's rich account.
const FIRST: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

/// What an account has of a token.
pub async fn has(rig: &Rig, token: &str, account: &str) -> u128 {
    let data = format!("0x70a08231{:0>64}", account.trim_start_matches("0x").to_lowercase());
    number(
        &rig.chain
            .ask("eth_call", json!([{ "to": token, "data": data }, "latest"]))
            .await,
    )
}

async fn tokens_arrive(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let token = rig.chain.erc20("NORTH", 5 * COIN, &rig.ada.evm).await;
    let receipt = rig
        .sends(
            "send-token",
            json!({ "to": TO, "amount": "2.5", "tokenAddress": token }),
        )
        .await;
    assert_eq!(receipt["value"], "0");
    assert!(
        receipt["data"]
            .as_str()
            .is_some_and(|data| data.starts_with("0xa9059cbb"))
    );
    assert_eq!(rig.mined(&receipt["hash"]).await["status"], "0x1");
    assert_eq!(has(&rig, &token, TO).await, 25 * COIN / 10);
    rig.follow().await;
    assert_eq!(rig.told(&receipt["hash"]).await, ["sent", "confirmed"]);
    assert_eq!(rig.events().await[0]["data"]["kind"], "token");
}

async fn what_cannot_be_sent_is_refused_and_nothing_is_signed(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let token = rig.chain.erc20("NORTH", COIN, &rig.ada.evm).await;
    for (field, value, status, said) in [
        ("amount", json!("1.5"), 400, "more than the wallet has: 1 of this token"),
        ("amount", json!("0.1234567890123456789"), 400, "19 decimals"),
        ("tokenAddress", json!(TO), 400, "no ERC-20 token at this address"),
        ("tokenAddress", Value::Null, 400, "tokenAddress is required"),
        (
            "to",
            json!("0x0000000000000000000000000000000000000000"),
            422,
            "zero address",
        ),
    ] {
        let mut body = json!({ "to": TO, "amount": "1", "tokenAddress": token });
        body[field] = value;
        let message = rig.refused("send-token", body, status).await;
        assert!(message.contains(said), "{field}: {message}");
    }
    // Fees are paid in coins.
    rig.chain.fund(&rig.ada.evm, 1_000).await;
    let body = json!({ "to": TO, "amount": "1", "tokenAddress": token, "gasLimit": 60_000 });
    let message = rig.refused("send-token", body, 422).await;
    assert!(message.contains("does not cover the fees"), "{message}");
    assert!(rig.stored().await.is_empty());
}

/// One that lies would change what is paid by powers of ten.
async fn no_node_alone_says_where_the_point_stands(engine: Engine) {
    let chain = Anvil::start();
    let (liar, third) = (Valve::before(&chain).await, Valve::before(&chain).await);
    let nodes = format!("{},{}", liar.url(), liar.url());
    let mut rig = Rig::behind(engine, &nodes, chain).await;
    let token = rig.chain.erc20("NORTH", 5 * COIN, &rig.ada.evm).await;
    let body = json!({ "to": TO, "amount": "2.5", "tokenAddress": token });
    liar.loses(Loses::Decimals(17));
    for more in [json!({}), json!({ "gasLimit": 60_000 })] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let message = rig.refused("send-token", body, 502).await;
        assert!(message.contains("the token's decimals"), "{message}");
    }
    // Nobody is there to say the same.
    liar.loses(Loses::Everything);
    let message = rig.refused("send-token", body.clone(), 503).await;
    assert!(message.contains("two have to say the same"), "{message}");
    assert!(rig.stored().await.is_empty());
    liar.loses(Loses::Nothing);
    rig.sends("send-token", body).await;
    assert_eq!(has(&rig, &token, TO).await, 25 * COIN / 10);

    // Two of three are enough, and none is believed that says nobody has decimals.
    let nodes = format!("{},{}", liar.url(), third.url());
    let chain = std::mem::replace(&mut rig.chain, Anvil::start());
    let mut rig = Rig::behind(engine, &nodes, chain).await;
    let token = rig.chain.erc20("SOUTH", 5 * COIN, &rig.ada.evm).await;
    let body = json!({ "to": TO, "amount": "1.5", "tokenAddress": token });
    liar.loses(Loses::Decimals(19));
    rig.sends("send-token", body).await;
    assert_eq!(has(&rig, &token, TO).await, 15 * COIN / 10);
}

async fn what_the_operator_knows_of_a_token_no_node_is_asked(engine: Engine) {
    let setting = format!("networks.ethereum-sepolia.tokens.{FIRST}.decimals");
    let mut rig = Rig::with(engine, &[(&setting, "18")]).await;
    assert_eq!(
        rig.chain.erc20("NORTH", 5 * COIN, &rig.ada.evm).await,
        FIRST.to_lowercase()
    );
    rig.node.loses(Loses::Decimals(17));
    let body = json!({ "to": TO, "amount": "2.5", "tokenAddress": FIRST });
    rig.sends("send-token", body).await;
    assert_eq!(has(&rig, FIRST, TO).await, 25 * COIN / 10);
    let shown = rig.gets("balance-token", json!({ "tokenAddress": FIRST })).await;
    assert_eq!((&shown["balance"], &shown["decimals"]), (&json!("2.5"), &json!(18)));
    assert!(!rig.node.asked("eth_call").iter().any(asks_decimals));
}
