//! `POST /api/v{1,2}/wallet/sign-hash`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! { a_bare_hash_is_signed_where_that_was_switched_on }

async fn a_bare_hash_is_signed_where_that_was_switched_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let mut tokens = app.new_wallet(EMAIL, &shop, json!({})).await;
    let hash = format!("0x{}", "5c".repeat(32));
    let body = json!({ "network": "ethereum-sepolia", "hash": hash });
    let off = bearer(&shop, &text(&tokens, "walletToken"))
        .post("/api/v2/wallet/sign-hash", &body)
        .await;
    assert!(refused(&off, 403).contains("wallets.sign_hash"));
    app.set("wallets.sign_hash", "true").await;
    for (body, status) in [
        (body.clone(), 200),
        (json!({ "network": "ethereum-sepolia", "hash": "0x5c" }), 400),
        (json!({ "network": "solana-devnet", "hash": hash }), 400),
    ] {
        tokens = app.refresh(&shop, &tokens).await;
        let answer = bearer(&shop, &text(&tokens, "walletToken"))
            .post("/api/v2/wallet/sign-hash", &body)
            .await;
        if status == 200 {
            assert_eq!(text(&data_of(&answer), "signature").len(), 132);
        } else {
            refused(&answer, status);
        }
    }
}
