//! A wallet token is good for one call, of its own app, version, log-in and wallet.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::store::race;
use crate::support::wallets::{bearer, claims, data_of, refused, text};

on_both! {
    of_many_who_use_a_token_at_once_one_has_it,
    a_call_that_fails_has_spent_its_token,
    a_token_that_is_another_apps_or_expired_or_none_opens_nothing,
    whatever_ends_the_log_in_ends_its_tokens,
    a_call_that_is_made_again_with_its_key_is_answered_again,
}

const SIGN: &str = "/api/v2/wallet/sign-message";

fn hello() -> Value {
    json!({ "network": "ethereum-sepolia", "message": "hello" })
}

async fn of_many_who_use_a_token_at_once_one_has_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let answers = race(8, |_| {
        let wallet = wallet.clone();
        async move { wallet.post(SIGN, &hello()).await }
    })
    .await;
    let signed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(signed, 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert!(refused(answer, 401).contains("used before"));
    }
}

async fn a_call_that_fails_has_spent_its_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let message = refused(&wallet.post(SIGN, &json!({ "message": "hello" })).await, 400);
    assert!(message.contains("network is required"), "{message}");
    refused(&wallet.post(SIGN, &hello()).await, 401);
    // What never was a call has not: its body cannot be read.
    let token = text(&app.refresh(&shop, &made).await, "walletToken");
    let wallet = bearer(&shop, &token);
    let broken = wallet
        .call("POST", SIGN)
        .header("content-type", "application/json")
        .body("{");
    refused(&broken.send().await, 400);
    data_of(&wallet.post(SIGN, &hello()).await);
}

async fn a_token_that_is_another_apps_or_expired_or_none_opens_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = text(&app.enter(EMAIL, &shop).await, "accessToken");
    let made = data_of(&bearer(&shop, &access).post("/api/v2/account/create", &json!({})).await);
    let token = text(&made, "walletToken");
    let (other, _) = app.other_shop().await;
    for (shop, token) in [
        (&shop, "nonsense"),
        (&shop, access.as_str()),
        (&other, token.as_str()),
        (&app.anonymous(), token.as_str()),
    ] {
        refused(&bearer(shop, token).post(SIGN, &hello()).await, 401);
    }
    refused(&shop.post(SIGN, &hello()).await, 401);
    refused(
        &bearer(&shop, &token)
            .post("/api/v1/wallet/sign-message", &hello())
            .await,
        401,
    );
    // None of that has spent it.
    data_of(&bearer(&shop, &token).post(SIGN, &hello()).await);
    let unused = text(&app.refresh(&shop, &made).await, "walletToken");
    app.advance(15 * 60);
    refused(&bearer(&shop, &unused).post(SIGN, &hello()).await, 401);
}

async fn whatever_ends_the_log_in_ends_its_tokens(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let said = claims(&text(&made, "walletToken"));
    let store = &app.instance().store;
    let scope = store
        .app(said["app"].as_str().unwrap().parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .public_scope();
    let family = said["fam"].as_str().unwrap().parse().unwrap();
    assert!(store.end_family(&scope, family, app.now()).await.unwrap());
    refused(
        &bearer(&shop, &text(&made, "walletToken")).post(SIGN, &hello()).await,
        401,
    );
    refused(
        &shop
            .post(
                "/api/v2/wallet/refresh",
                &json!({ "refreshToken": made["refreshToken"] }),
            )
            .await,
        401,
    );
    // A suspension ends them, and what was ended stays so.
    let entered = app.enter(EMAIL, &shop).await;
    let user = said["uid"].as_str().unwrap().parse().unwrap();
    let environment = app.sandbox.environment.id;
    // Not in the very microsecond of the log-in, which the tests' clock would make it.
    app.advance(1);
    for suspended in [true, false] {
        store
            .set_suspended(&app.admin(), environment, user, suspended, app.now())
            .await
            .unwrap();
    }
    refused(
        &bearer(&shop, &text(&entered, "walletToken")).post(SIGN, &hello()).await,
        401,
    );
}

async fn a_call_that_is_made_again_with_its_key_is_answered_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = bearer(&shop, &text(&made, "walletToken")).with("idempotency-key", "once");
    let first = wallet.post(SIGN, &hello()).await;
    let again = wallet.post(SIGN, &hello()).await;
    assert_eq!(first.whole(), again.whole());
    assert_eq!(again.header("idempotent-replayed"), "true");
    // The token is good for nothing else.
    refused(
        &bearer(&shop, &text(&made, "walletToken")).post(SIGN, &hello()).await,
        401,
    );
    let other = json!({ "network": "ethereum-sepolia", "message": "another" });
    refused(&wallet.post(SIGN, &other).await, 422);
}
