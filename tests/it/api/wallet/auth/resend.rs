//! `POST /api/v{1,2}/auth/resend`

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, WHATSAPP, other_than};

on_both! {
    the_same_code_comes_over_the_other_channel_of_the_number,
    tries_stay_used,
    a_resend_is_a_send,
    a_code_goes_nowhere_else,
    what_is_over_is_refused_like_any_wrong_code,
    a_test_number_is_answered_alike,
}

const RESEND: &str = "/api/v2/auth/resend";

async fn resend(app: &Client, token: &str, channel: &str) -> Answer {
    let body = json!({ "verificationToken": token, "channel": channel });
    app.post(RESEND, &body).await
}

async fn the_same_code_comes_over_the_other_channel_of_the_number(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    app.advance(60);
    let (status, body) = resend(&shop, &token, "sms").await.whole();
    let expected = json!({ "status": 200, "message": "OTP sent", "data": { "channel": "sms" } });
    assert_eq!((status, body), (200, expected));
    assert_eq!(app.code_for(WHATSAPP.to).await, code);
    let inbox = app.inbox(WHATSAPP.to).await;
    assert_eq!(
        (&inbox[0]["channel"], &inbox[1]["channel"]),
        (&json!("sms"), &json!("whatsapp"))
    );
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 200);
    // The document's own name of the token is as good.
    app.advance(3_600);
    let token = WHATSAPP.begin(&shop).await;
    app.advance(60);
    let body = json!({ "verifyToken": token, "channel": "whatsapp" });
    assert_eq!(shop.post(RESEND, &body).await.status, 200);
}

async fn tries_stay_used(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    for _ in 0..4 {
        WHATSAPP.verify(&shop, &token, other_than(&code)).await;
    }
    app.advance(60);
    assert_eq!(resend(&shop, &token, "sms").await.status, 200);
    assert_eq!(WHATSAPP.verify(&shop, &token, other_than(&code)).await.status, 401);
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 401);
}

async fn a_resend_is_a_send(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let answer = resend(&shop, &token, "sms").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "60"));
    for _ in 0..2 {
        app.advance(60);
        assert_eq!(resend(&shop, &token, "sms").await.status, 200);
    }
    // Three of the five of an hour are a stranger's.
    app.advance(60);
    assert_eq!(resend(&shop, &token, "sms").await.status, 429);
    assert_eq!(app.count("code_sends").await, 3);
}

async fn a_code_goes_nowhere_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let (phone, email) = (WHATSAPP.begin(&shop).await, EMAIL.begin(&shop).await);
    app.advance(60);
    for (token, channel) in [
        (&phone, "email"),
        (&phone, "http"),
        (&phone, ""),
        (&email, "sms"),
        (&email, "whatsapp"),
    ] {
        let (status, body) = resend(&shop, token, channel).await.whole();
        assert_eq!((status, &body["data"]), (400, &Value::Null), "{channel}");
        assert!(body["message"].as_str().unwrap().contains("same place"), "{body}");
    }
    assert_eq!(
        shop.post(RESEND, &json!({ "verificationToken": phone })).await.status,
        400
    );
    assert_eq!(resend(&shop, &email, "email").await.status, 200);
}

async fn what_is_over_is_refused_like_any_wrong_code(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (shop, other) = (app.shop().await, app.shop().await);
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    let refused = WHATSAPP.verify(&shop, &token, other_than(&code)).await.whole();
    app.advance(60);
    for (caller, token) in [(&other, token.as_str()), (&shop, "x"), (&shop, "")] {
        assert_eq!(resend(caller, token, "sms").await.whole(), refused);
    }
    let by_v1 = json!({ "verificationToken": token, "channel": "sms" });
    assert_eq!(shop.post("/api/v1/auth/resend", &by_v1).await.whole(), refused);
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 200);
    assert_eq!(resend(&shop, &token, "sms").await.whole(), refused);
    let token = WHATSAPP.begin(&shop).await;
    app.advance(600);
    assert_eq!(resend(&shop, &token, "sms").await.whole(), refused);
    assert_eq!(app.count("messages").await, 2);
}

async fn a_test_number_is_answered_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let test = WHATSAPP.with("12025550123");
    let token = test.begin(&shop).await;
    assert_eq!(resend(&shop, &token, "sms").await.status, 200);
    assert_eq!((app.count("messages").await, app.count("code_sends").await), (0, 0));
    assert_eq!(test.verify(&shop, &token, "424242").await.status, 200);
}
