//! `POST /api/v2/wallet/refresh`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, claims, data_of, refused, text};

on_both! {
    it_rotates_and_a_reuse_ends_the_log_in,
    it_needs_its_own_app_and_nothing_else,
    an_answer_that_was_lost_loses_no_half_of_a_shared_wallet,
}

const REFRESH: &str = "/api/v2/wallet/refresh";
const ADDRESS: &str = "/api/v2/wallet/address";

async fn it_rotates_and_a_reuse_ends_the_log_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    app.advance(3_600);
    let next = app.refresh(&shop, &made).await;
    assert_ne!(next["refreshToken"], made["refreshToken"]);
    let (before, after) = (claims(&text(&made, "walletToken")), claims(&text(&next, "walletToken")));
    for same in ["wid", "uid", "app", "fam", "provider", "email", "address", "auth_time"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_ne!(before["jti"], after["jti"]);
    let last = app.refresh(&shop, &next).await;
    // Two hold the first one.
    app.advance(61);
    refused(
        &shop
            .post(REFRESH, &json!({ "refreshToken": made["refreshToken"] }))
            .await,
        401,
    );
    refused(
        &shop
            .post(REFRESH, &json!({ "refreshToken": last["refreshToken"] }))
            .await,
        401,
    );
    refused(&bearer(&shop, &text(&last, "walletToken")).get(ADDRESS).await, 401);
}

async fn it_needs_its_own_app_and_nothing_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let body = json!({ "refreshToken": made["refreshToken"] });
    refused(&app.anonymous().post(REFRESH, &body).await, 401);
    let (other, _) = app.other_shop().await;
    refused(&other.post(REFRESH, &body).await, 401);
    refused(
        &shop.post(REFRESH, &json!({ "refreshToken": "abr_nonsense" })).await,
        401,
    );
    refused(&shop.post(REFRESH, &json!({})).await, 400);
    let id = claims(&text(&made, "walletToken"))["app"].as_str().unwrap().to_owned();
    let public = app.anonymous().with("x-app-id", &id);
    data_of(&public.post(REFRESH, &body).await);
}

async fn an_answer_that_was_lost_loses_no_half_of_a_shared_wallet(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "isCustodian": false })).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let secret = json!({ "secret": made["secret0"] });
    let open = data_of(&wallet.post("/api/v2/wallet/unlock", &secret).await);
    let message = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let lost = app.refresh(&shop, &open).await;
    app.advance(30);
    let again = app.refresh(&shop, &open).await;
    assert_ne!(again["refreshToken"], lost["refreshToken"]);
    let wallet = bearer(&shop, &text(&again, "walletToken"));
    data_of(&wallet.post("/api/v2/wallet/sign-message", &message).await);
    // And the log-in goes on from there.
    let next = app.refresh(&shop, &again).await;
    let wallet = bearer(&shop, &text(&next, "walletToken"));
    data_of(&wallet.post("/api/v2/wallet/sign-message", &message).await);
}
