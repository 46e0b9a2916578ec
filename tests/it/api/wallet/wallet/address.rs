//! `GET /api/v{1,2}/wallet/address`, and the `POST` that the published SDK sends.

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! { both_forms_answer_the_addresses_once }

const ADDRESS: &str = "/api/v2/wallet/address";

async fn both_forms_answer_the_addresses_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let expected = json!({
        "status": 200, "message": "Get Address executed successfully",
        "data": { "address": made["address"], "custody": "server" },
    });
    assert_eq!(wallet.get(ADDRESS).await.whole(), (200, expected.clone()));
    refused(&wallet.get(ADDRESS).await, 401);
    let token = text(&app.refresh(&shop, &made).await, "walletToken");
    let body = json!({ "headers": { "Authorization": format!("Bearer {token}") } });
    assert_eq!(shop.post(ADDRESS, &body).await.whole(), (200, expected));
    refused(&shop.post(ADDRESS, &body).await, 401);
    refused(&shop.post(ADDRESS, &json!({ "headers": {} })).await, 401);
    data_of(
        &bearer(&shop, &text(&app.enter(EMAIL, &shop).await, "walletToken"))
            .post(ADDRESS, &json!({}))
            .await,
    );
}
