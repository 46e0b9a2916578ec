//! `POST /api/v{1,2}/account/rampable/create`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! { an_account_is_made_and_the_token_is_not_used_up }

const CREATE: &str = "/api/v2/account/rampable/create";

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
