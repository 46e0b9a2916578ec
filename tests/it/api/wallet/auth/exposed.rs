//! A client secret that a browser sends is none.

use aboard::domain::KeyScope;
use aboard::store::Presented;
use std::sync::Arc;

use crate::support::app::{Engine, Plane, TestApp, on_both};
use crate::support::codes::WHATSAPP;

on_both! {
    a_secret_in_a_browser_is_said_once,
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
