//! Which app calls: by its client secret, or by its public id.

use serde_json::Value;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, WHATSAPP};

on_both! {
    without_either_header_both_are_named,
    the_id_alone_is_enough,
    an_origin_has_to_be_registered,
    what_names_no_app_is_refused,
    a_revoked_app_is_over,
}

async fn without_either_header_both_are_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    for way in [WHATSAPP, EMAIL] {
        let (status, body) = way.ask(&app.anonymous()).await.whole();
        let message = body["message"].as_str().unwrap();
        assert_eq!((status, &body["data"]), (401, &Value::Null));
        assert!(
            message.contains("x-client-secret") && message.contains("x-app-id"),
            "{message}"
        );
        assert_eq!(way.verify(&app.anonymous(), "x", "1").await.status, 401);
    }
}

async fn the_id_alone_is_enough(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    let token = WHATSAPP.begin(&public).await;
    let code = app.code_for(WHATSAPP.to).await;
    // Either credential of one app may finish what the other began.
    let secret = public.with("x-client-secret", &made.client_secret);
    assert_eq!(WHATSAPP.verify(&secret, &token, &code).await.status, 200);
}

async fn an_origin_has_to_be_registered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &["https://shop.example.com"]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    let from = |origin: &str| public.with("origin", origin);
    assert_eq!(WHATSAPP.ask(&from("https://shop.example.com")).await.status, 200);
    for origin in ["https://evil.example.com", "http://shop.example.com", "null"] {
        let (status, body) = WHATSAPP.ask(&from(origin)).await.whole();
        assert_eq!(
            (status, body["message"].as_str().unwrap().contains("origin")),
            (401, true),
            "{body}"
        );
    }
    assert_eq!(app.count("challenges").await, 1);
}

async fn what_names_no_app_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let [one, other] = [
        app.new_app(&app.sandbox, &[]).await,
        app.new_app(&app.sandbox, &[]).await,
    ];
    let anonymous = app.anonymous();
    for caller in [
        anonymous.with("x-app-id", "app_nobody"),
        anonymous.with("x-app-id", &app.sandbox.environment.id.to_string()),
        anonymous.with("x-client-secret", "abc_test_nothing"),
        anonymous.with("x-client-secret", &app.sandbox.server_key),
        anonymous
            .with("x-client-secret", &one.client_secret)
            .with("x-app-id", &other.app.to_string()),
    ] {
        assert_eq!(WHATSAPP.ask(&caller).await.status, 401);
    }
    assert_eq!(app.count("challenges").await, 0);
}

async fn a_revoked_app_is_over(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    let store = &app.instance().store;
    assert!(store.revoke_app(&app.admin(), made.app, app.now()).await.unwrap());
    assert_eq!(WHATSAPP.ask(&public).await.status, 401);
    assert_eq!(
        WHATSAPP
            .ask(&public.with("x-client-secret", &made.client_secret))
            .await
            .status,
        401
    );
}
