//! `POST /api/v{1,2}/auth/verify-whatsapp`

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, SMS, WHATSAPP, other_than};
use crate::support::store::race;
use crate::support::token::{jose, parts};

on_both! {
    the_whole_road_from_a_number_to_ones_own_account,
    whatever_is_wrong_is_answered_alike,
    a_code_works_once,
    of_two_who_send_the_right_code_at_once_one_wins,
    a_hundred_guesses_at_once_are_five_tries,
    a_published_key_verifies_an_access_token,
    a_log_out_everywhere_ends_an_access_token,
}

async fn the_whole_road_from_a_number_to_ones_own_account(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let answer = WHATSAPP.verify(&shop, &token, &app.code_for(WHATSAPP.to).await).await;
    let (status, body) = answer.whole();
    let access = body["data"]["accessToken"].as_str().unwrap().to_owned();
    let expected = json!({
        "status": 200, "message": "OTP verified", "data": { "isWalletCreated": false, "accessToken": access },
    });
    assert_eq!((status, body), (200, expected));
    let me = app.me(&access).await;
    assert_eq!(me.status, 200, "{me:?}");
    let me = me.json()["data"].clone();
    assert_eq!(
        (&me["phone"], &me["email"], &me["status"]),
        (&json!("+65212232422"), &Value::Null, &json!("verified"))
    );
    assert_eq!(me["verification_status"]["phone_verified"], true);
    // Again: the same person.
    app.advance(60);
    let again = app.log_in(WHATSAPP, &shop).await;
    assert_eq!(app.me(&again).await.json()["data"]["user_id"], me["user_id"]);
}

fn alike(answer: &Answer) -> (u16, Value) {
    let (status, body) = answer.whole();
    (status, body)
}

async fn whatever_is_wrong_is_answered_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (shop, other) = (app.shop().await, app.shop().await);
    let stranger = app.new_app(&app.stranger, &[]).await;
    let stranger = app.anonymous().with("x-client-secret", &stranger.client_secret);
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    let refused = alike(&WHATSAPP.verify(&shop, &token, other_than(&code)).await);
    assert_eq!(refused.0, 401);
    let message = refused.1["message"].as_str().unwrap();
    assert!(
        message.contains("wrong, expired or already used") && message.contains("new one"),
        "{message}"
    );
    let check = |answer: Answer, what: &str| assert_eq!(alike(&answer), refused, "{what}");
    // The right code with a wrong token, at a wrong place, by somebody else.
    check(WHATSAPP.verify(&other, &token, &code).await, "another app");
    check(WHATSAPP.verify(&stranger, &token, &code).await, "another organization");
    check(EMAIL.verify(&shop, &token, &code).await, "another kind of destination");
    for forged in ["", "x", "a.b.c", &token[..token.len() - 2], &token.replace('.', "..")] {
        check(WHATSAPP.verify(&shop, forged, &code).await, forged);
    }
    // No code at all costs a try like any wrong one.
    for nonsense in [
        "",
        "1",
        "12345é",
        "not a code, not a code, not a code, not a code, not a code, not a code",
    ] {
        check(WHATSAPP.verify(&shop, &token, nonsense).await, nonsense);
    }
    let access = app.log_in(SMS, &shop).await;
    check(WHATSAPP.verify(&shop, &access, &code).await, "an access token");
    // The code that was right all the time still is: one wrong and four nonsense are five tries.
    check(WHATSAPP.verify(&shop, &token, &code).await, "five tries are over");
    app.advance(60);
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    app.advance(600);
    check(WHATSAPP.verify(&shop, &token, &code).await, "expired");
    assert_eq!(app.count("users").await, 1);
}

async fn a_code_works_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 200);
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 401);
}

fn verify_many(shop: &Client, token: &str, code: String, count: usize) -> impl Future<Output = Vec<u16>> + use<> {
    let (shop, token) = (shop.clone(), Arc::new(token.to_owned()));
    race(count, move |_| {
        let (shop, token, code) = (shop.clone(), Arc::clone(&token), code.clone());
        async move { WHATSAPP.verify(&shop, &token, &code).await.status }
    })
}

async fn of_two_who_send_the_right_code_at_once_one_wins(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    let mut statuses = verify_many(&shop, &token, code, 4).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
    assert_eq!(app.count("users").await, 1);
}

async fn a_hundred_guesses_at_once_are_five_tries(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    let statuses = verify_many(&shop, &token, other_than(&code).to_owned(), 100).await;
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    assert_eq!(app.count("challenges where tries = 5 and wrong = 5").await, 1);
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 401);
    assert_eq!(app.count("users").await, 0);
}

async fn a_published_key_verifies_an_access_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.log_in(WHATSAPP, &app.shop().await).await;
    let issuer = format!("{}/e/{}", app.app.url, app.sandbox.environment.id);
    let said = jose(&token, &issuer, "aboard:access", "aboard-access+jwt", app.now())
        .await
        .unwrap();
    let claims = &said["claims"];
    assert_eq!(
        (&claims["amr"], &claims["provider"], &claims["version"]),
        (&json!("otp"), &json!("whatsapp"), &json!(2))
    );
    assert_eq!((&claims["phone"], claims.get("email")), (&json!("+65212232422"), None));
    assert_eq!(claims["uid"], claims["sub"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    let (_, mail, _) = parts(&app.log_in(EMAIL, &app.shop().await).await);
    assert_eq!((&mail["email"], mail.get("phone")), (&json!("ada@example.com"), None));
    // The verification token's key is nobody's business.
    let token = SMS.begin(&app.shop().await).await;
    let refused = jose(
        &token,
        &issuer,
        "aboard:verification",
        "aboard-verification+jwt",
        app.now(),
    )
    .await;
    assert!(refused.is_err_and(|said| said.contains("JWKSNoMatchingKey")));
}

async fn a_log_out_everywhere_ends_an_access_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.new_app(&app.sandbox, &[]).await;
    let caller = app.anonymous().with("x-client-secret", &shop.client_secret);
    let token = app.log_in(WHATSAPP, &caller).await;
    assert_eq!(app.me(&token).await.status, 200);
    // As does the end of the app that it was given to, and an hour.
    app.advance(60);
    let later = app.log_in(WHATSAPP, &caller).await;
    app.advance(3_601);
    assert_eq!(app.me(&later).await.status, 401);
    let later = app.log_in(WHATSAPP, &caller).await;
    let store = &app.instance().store;
    assert!(store.revoke_app(&app.admin(), shop.app, app.now()).await.unwrap());
    assert_eq!(app.me(&later).await.status, 401);
}
