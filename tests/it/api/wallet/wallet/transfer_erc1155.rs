//! `POST /api/v{1,2}/wallet/transfer-erc1155`

use serde_json::json;

use crate::support::anvil::{number, word};
use crate::support::app::{Engine, on_both};
use crate::support::sending::{Rig, TO};

on_both! { one_kind_or_several_change_hands }

async fn one_kind_or_several_change_hands(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let pieces = rig.chain.erc1155(&[(7, 10), (8, 10)], &rig.ada.evm).await;
    for what in [
        json!({ "tokenId": 7, "amount": "2" }),
        json!({ "tokenId": ["7", "8"], "amount": ["1", "4"] }),
        json!({ "tokenId": [8], "tokenAmount": [1] }),
    ] {
        let mut body = json!({ "to": TO, "tokenAddress": pieces });
        for (name, value) in what.as_object().unwrap() {
            body[name] = value.clone();
        }
        let receipt = rig.sends("transfer-erc1155", body).await;
        assert_eq!(rig.mined(&receipt["hash"]).await["status"], "0x1", "{what}");
    }
    for (token, expected) in [(7, 3), (8, 5)] {
        let data = format!("0x00fdd58e{:0>64}{}", &TO.to_lowercase()[2..], word(token));
        let has = rig
            .chain
            .ask("eth_call", json!([{ "to": pieces, "data": data }, "latest"]))
            .await;
        assert_eq!(number(&has), expected, "{token}");
    }
    for (what, status, said) in [
        (
            json!({ "tokenId": ["7"], "amount": "1" }),
            400,
            "as many numbers as tokenId",
        ),
        (json!({ "tokenId": "7", "amount": "11" }), 422, "would fail"),
    ] {
        let mut body = json!({ "to": TO, "tokenAddress": pieces });
        for (name, value) in what.as_object().unwrap() {
            body[name] = value.clone();
        }
        let message = rig.refused("transfer-erc1155", body, status).await;
        assert!(message.contains(said), "{message}");
    }
}
