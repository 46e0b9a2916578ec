//! `POST /api/v{1,2}/wallet/send-token`

use serde_json::{Value, json};

use crate::support::anvil::number;
use crate::support::app::{Engine, on_both};
use crate::support::sending::{COIN, Rig, TO};

on_both! {
    tokens_arrive,
    what_cannot_be_sent_is_refused_and_nothing_is_signed,
}

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
