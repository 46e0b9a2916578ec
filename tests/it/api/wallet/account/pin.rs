//! Copies of the recovery secret that are protected with a PIN.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! {
    a_copy_with_a_pin_opens_with_that_alone,
    wrong_pins_are_counted_before_they_are_compared,
    a_shared_wallet_is_opened_with_its_pin,
}

const RECOVER: &str = "/api/v2/account/recover";

/// A log-in without a wallet, once for each name.
async fn somebody(app: &TestApp, shop: &Client, name: &'static str) -> Client {
    bearer(shop, &text(&app.enter(EMAIL.with(name), shop).await, "accessToken"))
}

async fn recover(person: &Client, file: &Value, pin: Option<&str>) -> Answer {
    person.post(RECOVER, &json!({ "file": file, "pin": pin })).await
}

async fn a_copy_with_a_pin_opens_with_that_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "pin": "482913" })).await;
    assert!(text(&made, "secret0").starts_with("xw0.2."), "{made}");
    let file = app
        .anonymous()
        .get(text(&made, "secret0Link").strip_prefix(&app.app.url).unwrap())
        .await;
    assert!(file.text().contains(&text(&made, "secret0")));
    let bob = somebody(&app, &shop, "bob@example.com").await;
    let why = refused(&recover(&bob, &made["secret0"], None).await, 400);
    assert!(why.contains("`pin`"), "{why}");
    refused(&recover(&bob, &made["secret0"], Some("48291")).await, 400);
    let why = refused(&recover(&bob, &made["secret0"], Some("482914")).await, 403);
    assert!(why.contains("PIN is wrong"), "{why}");
    let moved = data_of(&recover(&bob, &made["secret0"], Some("482913")).await);
    assert_eq!(moved["address"], made["address"]);
    // The new copy has the PIN as well, and asks for it.
    let carol = somebody(&app, &shop, "carol@example.com").await;
    refused(&recover(&carol, &moved["secret0"], None).await, 400);
    data_of(&recover(&carol, &moved["secret0"], Some("482913")).await);
    let dora = somebody(&app, &shop, "dora@example.com").await;
    for bad in ["12345", "1234567", "12345a"] {
        refused(&dora.post("/api/v2/account/create", &json!({ "pin": bad })).await, 400);
    }
}

async fn wrong_pins_are_counted_before_they_are_compared(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "pin": "000000" })).await;
    let bob = somebody(&app, &shop, "bob@example.com").await;
    // A right one in between takes the count back.
    let unlock = async |token: &Value, pin: &str| {
        let body = json!({ "secret": made["secret0"], "pin": pin });
        bearer(&shop, &text(token, "walletToken"))
            .post("/api/v2/wallet/unlock", &body)
            .await
    };
    refused(&unlock(&made, "000001").await, 403);
    let tokens = app.refresh(&shop, &made).await;
    data_of(&unlock(&tokens, "000000").await);
    for _ in 0..5 {
        refused(&recover(&bob, &made["secret0"], Some("111111")).await, 403);
    }
    // The sixth is not even looked at, though it is right.
    let locked = recover(&bob, &made["secret0"], Some("000000")).await;
    assert!(refused(&locked, 429).contains("a day"), "{locked:?}");
    assert_eq!(locked.header("retry-after"), "86400");
    app.advance(24 * 3_600);
    let bob = somebody(&app, &shop, "bob@example.com").await;
    data_of(&recover(&bob, &made["secret0"], Some("000000")).await);
}

async fn a_shared_wallet_is_opened_with_its_pin(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app
        .new_wallet(EMAIL, &shop, json!({ "isCustodian": false, "pin": "135790" }))
        .await;
    let unlock = json!({ "secret": made["secret0"], "pin": "135790" });
    let tokens = data_of(
        &bearer(&shop, &text(&made, "walletToken"))
            .post("/api/v2/wallet/unlock", &unlock)
            .await,
    );
    let hello = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let wallet = bearer(&shop, &text(&tokens, "walletToken"));
    data_of(&wallet.post("/api/v2/wallet/sign-message", &hello).await);
    let tokens = app.enter(EMAIL, &shop).await;
    let with = json!({ "network": "ethereum-sepolia", "message": "hello", "secret": made["secret0"], "pin": "135790" });
    let wallet = bearer(&shop, &text(&tokens, "walletToken"));
    data_of(&wallet.post("/api/v2/wallet/sign-message", &with).await);
}
