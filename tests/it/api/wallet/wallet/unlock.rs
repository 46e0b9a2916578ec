//! `POST /api/v2/wallet/unlock`

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! {
    a_shared_wallet_signs_with_what_its_tokens_carry,
    a_secret_in_the_call_itself_signs_once,
    a_wrong_secret_opens_nothing_and_spends_the_token,
}

const UNLOCK: &str = "/api/v2/wallet/unlock";
const SIGN: &str = "/api/v2/wallet/sign-message";

fn hello() -> Value {
    json!({ "network": "ethereum-sepolia", "message": "hello" })
}

async fn a_shared_wallet_signs_with_what_its_tokens_carry(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "isCustodian": false })).await;
    let closed = bearer(&shop, &text(&made, "walletToken")).post(SIGN, &hello()).await;
    assert!(refused(&closed, 409).contains("wallet/unlock"));
    let token = text(&app.refresh(&shop, &made).await, "walletToken");
    let open = data_of(
        &bearer(&shop, &token)
            .post(UNLOCK, &json!({ "secret": made["secret0"] }))
            .await,
    );
    let first = data_of(&bearer(&shop, &text(&open, "walletToken")).post(SIGN, &hello()).await);
    // It goes on with the refresh tokens, each of which carries it anew.
    let mut tokens = open;
    for _ in 0..3 {
        tokens = app.refresh(&shop, &tokens).await;
        let again = data_of(&bearer(&shop, &text(&tokens, "walletToken")).post(SIGN, &hello()).await);
        assert_eq!(again, first);
    }
    // Another log-in does not have it.
    let entered = app.enter(EMAIL, &shop).await;
    refused(
        &bearer(&shop, &text(&entered, "walletToken")).post(SIGN, &hello()).await,
        409,
    );
    // Only what rides with the newest refresh token is left, once no answer can have been lost any more.
    app.advance(61);
    app.instance().store.sweep(app.system(), app.now()).await.unwrap();
    assert_eq!(app.count("riding_halves").await, 1);
    app.advance(8 * 24 * 3_600);
    app.instance().store.sweep(app.system(), app.now()).await.unwrap();
    assert_eq!(app.count("riding_halves").await, 0);
}

async fn a_secret_in_the_call_itself_signs_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "isCustodian": false })).await;
    let mut body = hello();
    body["secret"] = made["secret0"].clone();
    data_of(&bearer(&shop, &text(&made, "walletToken")).post(SIGN, &body).await);
    let next = app.refresh(&shop, &made).await;
    refused(
        &bearer(&shop, &text(&next, "walletToken")).post(SIGN, &hello()).await,
        409,
    );
    assert_eq!(
        app.enter(EMAIL, &shop).await["isWalletCreated"],
        json!(true),
        "that has proven it"
    );
}

async fn a_wrong_secret_opens_nothing_and_spends_the_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "isCustodian": false })).await;
    let another = app
        .new_wallet(EMAIL.with("eve@example.com"), &shop, json!({ "isCustodian": false }))
        .await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    refused(
        &wallet.post(UNLOCK, &json!({ "secret": another["secret0"] })).await,
        403,
    );
    refused(&wallet.post(UNLOCK, &json!({ "secret": made["secret0"] })).await, 401);
    let wallet = bearer(&shop, &text(&app.refresh(&shop, &made).await, "walletToken"));
    refused(&wallet.post(UNLOCK, &json!({})).await, 400);
    assert_eq!(app.enter(EMAIL, &shop).await["isWalletCreated"], json!(false));
}
