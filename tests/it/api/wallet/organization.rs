//! `GET /api/v{1,2}/organization`

use aboard::domain::Provider;
use aboard::store::StoredSetting;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::logins::refusal_of;

on_both! {
    it_echoes_the_secret_that_was_sent,
    the_secret_for_rampable_is_for_servers_alone,
    an_app_id_alone_is_not_enough,
}

const SECRET: &str = "rampable-secret-1";

async fn it_echoes_the_secret_that_was_sent(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let shop = app.anonymous().with("x-client-secret", &made.client_secret);
    for version in ["v1", "v2"] {
        let answer = shop.get(&format!("/api/{version}/organization")).await;
        let data = json!({
            "name": "Northwind", "clientId": made.app, "clientSecret": made.client_secret, "isRampableEnabled": false,
            "rampableClientSecret": null,
        });
        assert_eq!(
            answer.whole(),
            (200, json!({ "status": 200, "message": "Success", "data": data }))
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

async fn the_secret_for_rampable_is_for_servers_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &["https://shop.example.com"]).await;
    let shop = app.anonymous().with("x-client-secret", &made.client_secret);
    app.known_at(made.app, Provider::Rampable, "", Some(SECRET)).await;
    let setting = StoredSetting {
        environment: app.sandbox.environment.id,
        name: "login.rampable".to_owned(),
        value: "true".to_owned(),
    };
    let store = &app.instance().store;
    store.set_setting(&app.admin(), setting, app.now()).await.unwrap();
    app.instance().settings.load(store).await.unwrap();
    let data = async |shop: &crate::support::client::Client| {
        let answer = shop.get("/api/v2/organization").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["data"].clone()
    };
    let told = data(&shop).await;
    assert_eq!(
        (&told["isRampableEnabled"], &told["rampableClientSecret"]),
        (&json!(true), &json!(SECRET))
    );
    let browser = shop.with("origin", "https://shop.example.com");
    assert_eq!(data(&browser).await["rampableClientSecret"], Value::Null);
    // Another app of the organization has none, and no row holds it in the clear.
    assert_eq!(data(&app.shop().await).await["rampableClientSecret"], Value::Null);
    for row in app.contents().await {
        assert!(!row.contains(SECRET), "{row}");
    }
}

async fn an_app_id_alone_is_not_enough(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    let message = refusal_of(&public.get("/api/v2/organization").await, 401);
    assert!(message.contains("x-client-secret"), "{message}");
}
