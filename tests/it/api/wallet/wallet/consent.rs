//! Consent: an app that did not make a wallet works with it once the person lets it.

use aboard::domain::ConsentScopes;
use aboard::store::Consent;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, claims, data_of, text};

on_both! { another_app_asks_first_and_may_be_told_to_stop }

const SIGN: &str = "/api/v2/wallet/sign-message";

#[track_caller]
fn asks(answer: &Answer, status: u16, page: &str) {
    let expected = json!({ "status": status, "message": page, "data": { "message": page } });
    assert_eq!(answer.whole(), (status, expected));
}

async fn another_app_asks_first_and_may_be_told_to_stop(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let (other, id) = app.other_shop().await;
    let hello = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let sign =
        async |shop: &Client, tokens: &Value| bearer(shop, &text(tokens, "walletToken")).post(SIGN, &hello).await;
    let entered = app.enter(EMAIL, &other).await;
    assert_eq!(entered["addresses"], made["address"]);
    let said = claims(&text(&entered, "walletToken"));
    assert_eq!(said["isPermissionGranted"], json!(false));
    let page = said["acceptPermissionPage"].as_str().unwrap().to_owned();
    assert!(page.ends_with(&id.to_string()), "{page}");
    asks(&sign(&other, &entered).await, 407, &page);
    // A browser fails on a 407.
    let next = app.refresh(&other, &entered).await;
    let browser = bearer(&app.anonymous(), &text(&next, "walletToken")).with("x-app-id", &id.to_string());
    asks(
        &browser
            .with("origin", "https://other.example.com")
            .post(SIGN, &hello)
            .await,
        403,
        &page,
    );
    // The person says yes: a refresh reads it anew.
    let store = &app.instance().store;
    let wallet = said["wid"].as_str().unwrap().parse().unwrap();
    let user = said["uid"].as_str().unwrap().parse().unwrap();
    let environment = app.sandbox.environment.id;
    let holder = store
        .user_by_organization_token(environment, user, app.now())
        .await
        .unwrap()
        .expect("alive");
    let consent = Consent {
        app: id,
        environment,
        wallet,
        scopes: ConsentScopes::ALL,
        expires_at: None,
    };
    assert!(store.grant_consent(&holder.scope, consent, app.now()).await.unwrap());
    let next = app.refresh(&other, &next).await;
    assert_eq!(claims(&text(&next, "walletToken"))["isPermissionGranted"], json!(true));
    data_of(&sign(&other, &next).await);
    // And no again, which holds at once.
    let next = app.refresh(&other, &next).await;
    assert!(
        store
            .withdraw_consent(&holder.scope, wallet, id, app.now())
            .await
            .unwrap()
    );
    asks(&sign(&other, &next).await, 407, &page);
    // The app that made the wallet was never asked.
    data_of(&sign(&shop, &made).await);
}
