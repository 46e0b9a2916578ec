//! A client secret that a browser sends is none.

use aboard::admin::{self, AdminCommand};
use aboard::domain::{KeyScope, Provider};
use aboard::store::Presented;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::app::{Engine, Plane, TestApp, on_both};
use crate::support::codes::WHATSAPP;

on_both! {
    a_secret_in_a_browser_is_said_once,
    whoever_copied_it_from_there_has_its_power_no_more,
    in_production_it_loses_custody_for_good,
}

async fn a_secret_in_a_browser_is_said_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    assert_eq!(WHATSAPP.ask(&shop).await.status, 200);
    assert_eq!(app.count("events where type = 'secret.exposed'").await, 0);
    for (header, value) in [
        ("origin", "https://shop.example.com"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "none"),
    ] {
        // It still logs people in: the app must not stop because somebody built it wrongly.
        assert_ne!(WHATSAPP.ask(&shop.with(header, value)).await.status, 401);
    }
    assert_eq!(app.count("events where type = 'secret.exposed'").await, 1);
}

/// A client secret with `custody`.
async fn secret(app: &TestApp, plane: &Plane) -> (String, Arc<Presented>) {
    let made = app.new_app(plane, &[]).await;
    app.execute("update api_keys set scopes = 'custody' where kind = 'client'")
        .await;
    let presented = presented(app, &made.client_secret).await;
    (made.client_secret, presented)
}

async fn presented(app: &TestApp, secret: &str) -> Arc<Presented> {
    let key = aboard::domain::ApiKey::parse(secret).unwrap();
    let found = app.instance().store.authenticate(&key, app.now()).await.unwrap();
    found.expect("the key is good")
}

async fn in_production_it_loses_custody_for_good(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (plane, kept) in [(&app.sandbox, true), (&app.production, false)] {
        let (secret, before) = secret(&app, plane).await;
        assert!(
            before
                .credential
                .scopes
                .iter()
                .any(|scope| scope == KeyScope::Custody.as_str())
        );
        let caller = app.anonymous().with("x-client-secret", &secret);
        WHATSAPP
            .with("306912345678")
            .ask(&caller.with("origin", "https://shop.example.com"))
            .await;
        let after = presented(&app, &secret).await;
        assert!(after.credential.exposed);
        assert_eq!(
            after
                .credential
                .scopes
                .iter()
                .any(|scope| scope == KeyScope::Custody.as_str()),
            kept
        );
    }
}

async fn whoever_copied_it_from_there_has_its_power_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &["https://shop.example.com"]).await;
    app.known_at(made.app, Provider::Rampable, "", Some("rampable-secret-1"))
        .await;
    let shop = app.anonymous().with("x-client-secret", &made.client_secret);
    let register = async |id: &str| {
        let answer = shop
            .post("/api/v2/auth/register-custody", &json!({ "subId": id }))
            .await;
        answer.status
    };
    let told = async || shop.get("/api/v2/organization").await.json()["data"]["rampableClientSecret"].clone();
    assert_eq!((register("1").await, told().await), (200, json!("rampable-secret-1")));
    let browser = shop.with("origin", "https://shop.example.com");
    assert_eq!(browser.get("/api/v2/organization").await.status, 200);
    // From now on headers that a copy leaves out make no difference.
    assert_eq!((register("2").await, told().await), (403, Value::Null));
    let log_in = shop.post("/api/v2/auth/login-custody", &json!({ "subId": "1" })).await;
    assert_eq!(log_in.status, 403, "{log_in:?}");
    assert_eq!(app.count("users").await, 1);
    // Everything else goes on, until a rotation brings it all back.
    assert_eq!(WHATSAPP.ask(&shop).await.status, 200);
    let keys = app.instance().store.keys(app.system()).await.unwrap();
    let old = keys.iter().find(|key| key.owner == made.app.0).expect("the secret").id;
    let rotate = AdminCommand::RotateKey {
        key: old,
        overlap_seconds: 3_600,
    };
    let rotated = admin::execute(app.instance(), rotate).await.expect("rotated");
    let shop = app
        .anonymous()
        .with("x-client-secret", rotated["key"].as_str().expect("a secret"));
    let answer = shop.post("/api/v2/auth/login-custody", &json!({ "subId": "1" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
