//! `POST /api/v{1,2}/wallet/sign-authorization`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! { an_account_is_delegated_to_contracts_on_the_list_alone }

const DELEGATE: &str = "0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B";

async fn an_account_is_delegated_to_contracts_on_the_list_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let mut tokens = app.new_wallet(EMAIL, &shop, json!({})).await;
    let good = json!({ "chainId": "11155111", "contractAddress": DELEGATE, "nonce": "7", "executor": "self" });
    app.set("wallets.delegates", &format!("[\"84532:{DELEGATE}\"]")).await;
    let mut call = async |body: &serde_json::Value| {
        tokens = app.refresh(&shop, &tokens).await;
        bearer(&shop, &text(&tokens, "walletToken"))
            .post("/api/v2/wallet/sign-authorization", body)
            .await
    };
    assert!(
        refused(&call(&good).await, 403).contains("wallets.delegates"),
        "another chain's"
    );
    app.set("wallets.delegates", &format!("[\"11155111:{DELEGATE}\"]"))
        .await;
    let signed = data_of(&call(&good).await)["authorization"].clone();
    assert_eq!(
        (&signed["address"], &signed["chainId"], &signed["nonce"]),
        (&json!(DELEGATE), &json!(11_155_111), &json!(7))
    );
    for (field, value) in [
        ("chainId", json!(0)),
        ("chainId", json!("twelve")),
        ("contractAddress", json!("0x63c0c19a282a1b52b07dD5a65b58948A07DAE32B")),
        ("nonce", json!(null)),
        ("nonce", json!(-1)),
        ("executor", json!("somebody")),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let message = refused(&call(&body).await, 400);
        assert!(!message.is_empty(), "{field}: {value}");
    }
}
