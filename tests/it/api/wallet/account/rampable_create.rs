//! `POST /api/v{1,2}/account/rampable/create`

use aboard::domain::UserId;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;
use crate::support::codes::{EMAIL, Way};
use crate::support::wallets::{bearer, claims, data_of, refused, text};

on_both! {
    an_account_is_made_and_the_token_is_not_used_up,
    a_name_that_somebody_has_is_a_conflict,
    another_apps_word_reaches_no_account,
    a_token_that_was_used_up_makes_none,
    a_chain_ends_90_days_after_the_log_in,
}

const CREATE: &str = "/api/v2/account/rampable/create";
const MAKE: &str = "/api/v2/account/create";

async fn an_account_is_made_and_the_token_is_not_used_up(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let body = json!({ "username": "ada", "fullName": "Ada Lovelace", "password": "correct horse battery" });
    assert!(refused(&wallet.post(CREATE, &body).await, 403).contains("login.rampable"));
    app.set("login.rampable", "true").await;
    refused(&wallet.post(CREATE, &json!({ "username": "ada" })).await, 400);
    let first = text(&data_of(&wallet.post(CREATE, &body).await), "rampableAccessToken");
    data_of(&wallet.post(CREATE, &body).await);
    let sign = json!({ "network": "ethereum-sepolia", "message": "hello" });
    data_of(&wallet.post("/api/v2/wallet/sign-message", &sign).await);
    // It is refreshed as long as it lives, by its own app.
    let refresh = json!({ "rampableAccessToken": first });
    data_of(&shop.post("/api/v2/wallet/refresh-rampable", &refresh).await);
    let (other, _) = app.other_shop().await;
    refused(&other.post("/api/v2/wallet/refresh-rampable", &refresh).await, 401);
    app.advance(3_600);
    refused(&shop.post("/api/v2/wallet/refresh-rampable", &refresh).await, 401);
    assert!(app.enter(EMAIL, &shop).await.get("rampableAccessToken").is_some());
}

async fn a_name_that_somebody_has_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.set("login.rampable", "true").await;
    let shop = app.shop().await;
    let account =
        |username: &str| json!({ "username": username, "fullName": "Ada", "password": "correct horse battery" });
    let first = bearer(&shop, &text(&app.enter(EMAIL, &shop).await, "accessToken"));
    data_of(&first.post(CREATE, &account("person@bank.example")).await);
    let (other, _) = app.other_shop().await;
    let second = text(&app.enter(EMAIL.with("bob@example.com"), &other).await, "accessToken");
    let second = bearer(&other, &second);
    for taken in ["person@bank.example", " Person@Bank.example "] {
        let message = refused(&second.post(CREATE, &account(taken)).await, 409);
        assert!(message.contains("username"), "{message}");
    }
    // Nor with a wallet, which is not made then: its secret would be lost with the refusal.
    let with_wallet = |username: &str| json!({ "rampable": account(username) });
    let taken = with_wallet("person@bank.example");
    refused(&second.post(MAKE, &taken).await, 409);
    assert_eq!(
        (app.count("rampable_accounts").await, app.count("wallets").await),
        (1, 0)
    );
    let made = data_of(&second.post(MAKE, &with_wallet("bob@bank.example")).await);
    assert!(made.get("rampableAccessToken").is_some(), "{made}");
}

/// One person whom two apps know by ids of their own: a join brings that about.
async fn another_apps_word_reaches_no_account(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.set("login.rampable", "true").await;
    let ((shop, _), (other, _)) = (app.other_shop().await, app.other_shop().await);
    let id = json!({ "subId": "customer-42" });
    let mut tokens = Vec::new();
    for shop in [&shop, &other] {
        let made = data_of(&shop.post("/api/v2/auth/register-custody", &id).await);
        tokens.push(text(&made, "accessToken"));
    }
    let account = json!({ "username": "ada", "fullName": "Ada", "password": "correct horse battery" });
    data_of(&bearer(&shop, &tokens[0]).post(CREATE, &account).await);
    let mut users = Vec::new();
    for token in &tokens {
        let me = app.me(token).await.json()["data"]["user_id"].clone();
        let user: UserId = me.as_str().expect("an id").parse().expect("an id");
        users.push(app.literal(user.0));
    }
    app.execute(&format!(
        "update identities set user_id = {} where user_id = {}",
        users[0], users[1]
    ))
    .await;
    let log_in = async |shop: &Client| data_of(&shop.post("/api/v2/auth/login-custody", &id).await);
    let ours = log_in(&shop).await;
    assert!(ours.get("rampableAccessToken").is_some(), "{ours}");
    let theirs = log_in(&other).await;
    assert_eq!(theirs.get("rampableAccessToken"), None, "{theirs}");
    let theirs = bearer(&other, &text(&theirs, "accessToken"));
    let message = refused(&theirs.post(CREATE, &account).await, 409);
    assert!(message.contains("another app"), "{message}");
}

async fn a_token_that_was_used_up_makes_none(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.set("login.rampable", "true").await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let sign = json!({ "network": "ethereum-sepolia", "message": "hello" });
    data_of(&wallet.post("/api/v2/wallet/sign-message", &sign).await);
    let body = json!({ "username": "ada", "fullName": "Ada Lovelace", "password": "correct horse battery" });
    assert!(refused(&wallet.post(CREATE, &body).await, 401).contains("used before"));
    assert_eq!(app.count("rampable_accounts").await, 0);
    // Those of version 1 may be used again for an hour, here too.
    let old = Way {
        login: "/api/v1/auth/login-otp",
        verify: "/api/v1/auth/verify-otp",
        ..EMAIL
    };
    let first = app.enter(old, &shop).await;
    let first = bearer(&shop, &text(&first, "walletToken"));
    data_of(&first.post("/api/v1/wallet/sign-message", &sign).await);
    data_of(&first.post(&CREATE.replace("v2", "v1"), &body).await);
}

async fn a_chain_ends_90_days_after_the_log_in(engine: Engine) {
    const HOUR: u64 = 3_600;
    let app = TestApp::start(engine).await;
    app.set("login.rampable", "true").await;
    let shop = app.shop().await;
    let mut made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let born = claims(&text(&made, "walletToken"))["authTime"]
        .as_i64()
        .expect("a time");
    for _ in 0..15 {
        app.advance(6 * 24 * HOUR - 180);
        made = app.refresh(&shop, &made).await;
    }
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let body = json!({ "username": "ada", "fullName": "Ada Lovelace", "password": "correct horse battery" });
    let mut token = text(&data_of(&wallet.post(CREATE, &body).await), "rampableAccessToken");
    assert_eq!(claims(&token)["auth_time"], json!(born));
    let first = token.clone();
    let refresh = async |token: &str| {
        let body = json!({ "rampableAccessToken": token });
        shop.post("/api/v2/wallet/refresh-rampable", &body).await
    };
    for _ in 0..2 {
        app.advance(1_200);
        token = text(&data_of(&refresh(&token).await), "rampableAccessToken");
        let said = claims(&token);
        assert_eq!(
            (&said["auth_time"], &said["exp"]),
            (&json!(born), &json!(born + 90 * 24 * 3_600))
        );
    }
    app.advance(400);
    for token in [&token, &first] {
        refused(&refresh(token).await, 401);
    }
}
