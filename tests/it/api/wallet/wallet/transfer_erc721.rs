//! `POST /api/v{1,2}/wallet/transfer-erc721`

use serde_json::json;

use crate::support::app::{Engine, on_both};
use crate::support::sending::{Rig, TO};

on_both! { a_token_changes_hands_once }

async fn a_token_changes_hands_once(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let things = rig.chain.erc721(2, &rig.ada.evm).await;
    let body = json!({ "to": TO, "tokenId": "1", "tokenAddress": things });
    let receipt = rig.sends("transfer-erc721", body.clone()).await;
    assert_eq!(rig.mined(&receipt["hash"]).await["status"], "0x1");
    let owner = json!([{ "to": things, "data": format!("0x6352211e{:064x}", 1) }, "latest"]);
    let owner = rig.chain.ask("eth_call", owner).await;
    assert!(owner.as_str().unwrap().ends_with(&TO.to_lowercase()[2..]), "{owner}");
    // It is somebody else's now.
    rig.app.advance(61);
    let message = rig.refused("transfer-erc721", body, 422).await;
    assert!(message.contains("would fail"), "{message}");
    for (id, said) in [
        (json!(["0", "1"]), "one number"),
        (json!("x"), "whole number"),
        (json!(null), "required"),
    ] {
        let body = json!({ "to": TO, "tokenId": id, "tokenAddress": things });
        let message = rig.refused("transfer-erc721", body, 400).await;
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(rig.stored().await.len(), 1);
}
