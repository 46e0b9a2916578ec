//! `POST /api/v{1,2}/auth/register-custody`

use aboard::admin::{self, Allowed};
use aboard::domain::{KeyKind, KeyScope};
use serde_json::{Value, json};

use crate::support::app::{Engine, Plane, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::logins::{access, refusal_of};
use crate::support::store::race;
use crate::support::token::parts;

on_both! {
    it_answers_a_token_of_the_apps_word,
    a_known_id_is_a_conflict,
    an_id_is_one_apps_alone,
    a_repeated_call_makes_nobody_twice,
    of_those_who_come_at_once_one_registers,
    it_takes_a_secret_that_may,
    a_wrong_id_is_named,
}

pub const REGISTER: &str = "/api/v2/auth/register-custody";

pub async fn register(shop: &Client, id: &str) -> Answer {
    shop.post(REGISTER, &json!({ "subId": id })).await
}

async fn it_answers_a_token_of_the_apps_word(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    for version in [1, 2] {
        let path = format!("/api/v{version}/auth/register-custody");
        let body = json!({ "subId": format!("customer {version}"), "expireDate": "2030-01-31" });
        let answer = shop.post(&path, &body).await;
        let token = access(&answer);
        let expected = json!({
            "status": 200, "message": "Register Account successfully", "data": { "accessToken": token },
        });
        assert_eq!(answer.whole(), (200, expected));
        let (header, claims, _) = parts(&token);
        assert_eq!(header["typ"], "aboard-access+jwt");
        assert_eq!(
            (&claims["amr"], &claims["provider"], &claims["version"]),
            (&json!("custody"), &json!("custody"), &json!(version))
        );
        // The person proved nothing: there is no address, and nobody is verified.
        let me = app.me(&token).await.json()["data"].clone();
        assert_eq!(
            (&me["status"], &me["email"], &me["phone"], &me["name"]),
            (&json!("linked"), &Value::Null, &Value::Null, &Value::Null)
        );
    }
}

async fn a_known_id_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    access(&register(&shop, "customer-42").await);
    let message = refusal_of(&register(&shop, "customer-42").await, 409);
    assert!(message.contains("login-custody"), "{message}");
    // Ids are compared as they are.
    access(&register(&shop, "Customer-42").await);
    assert_eq!(app.count("users").await, 2);
}

async fn an_id_is_one_apps_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ours = app.whose(&register(&app.shop().await, "customer-42").await).await;
    let theirs = app.whose(&register(&app.shop().await, "customer-42").await).await;
    assert_ne!(ours, theirs);
}

async fn a_repeated_call_makes_nobody_twice(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await.with("idempotency-key", "once");
    let first = register(&shop, "customer-42").await;
    let again = register(&shop, "customer-42").await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(app.whose(&first).await, app.whose(&again).await);
    assert!(!refusal_of(&register(&shop, "customer-43").await, 422).is_empty());
    assert_eq!(app.count("users").await, 1);
}

async fn of_those_who_come_at_once_one_registers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let answers = race(8, move |_| {
        let shop = shop.clone();
        async move { register(&shop, "customer-42").await.status }
    });
    let mut answers = answers.await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(app.count("users").await, 1);
}

/// A client secret of a new app with these scopes.
pub async fn secret(app: &TestApp, plane: &Plane, scopes: &[KeyScope]) -> Client {
    let made = app.new_app(plane, &["https://shop.example.com"]).await;
    let allowed = Allowed::to(scopes);
    let key = admin::create_key(
        app.instance(),
        &plane.environment,
        KeyKind::Client,
        made.app.0,
        "custody",
        allowed,
    );
    app.anonymous()
        .with("x-client-secret", &key.await.expect("made").secret)
}

async fn it_takes_a_secret_that_may(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &["https://shop.example.com"]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    assert!(refusal_of(&register(&public, "x").await, 401).contains("x-client-secret"));
    // A secret that lies in a browser is everybody's.
    let exposed = app.anonymous().with("x-client-secret", &made.client_secret);
    let exposed = exposed.with("origin", "https://shop.example.com");
    assert!(refusal_of(&register(&exposed, "x").await, 403).contains("custody"));
    let plain = secret(&app, &app.production, &[]).await;
    assert!(refusal_of(&register(&plain, "x").await, 403).contains("--scope custody"));
    assert_eq!(app.count("users").await, 0);
    let custodian = secret(&app, &app.production, &[KeyScope::Custody]).await;
    access(&register(&custodian, "x").await);
}

async fn a_wrong_id_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    for id in [
        json!(""),
        json!(" x"),
        json!("a\nb"),
        json!(42),
        Value::Null,
        json!("x".repeat(256)),
    ] {
        let answer = shop.post(REGISTER, &json!({ "subId": id })).await;
        assert!(refusal_of(&answer, 400).contains("subId"), "{answer:?}");
    }
    let answer = shop
        .post(REGISTER, &json!({ "subId": "x", "expireDate": "soon" }))
        .await;
    assert!(refusal_of(&answer, 400).contains("expireDate"), "{answer:?}");
    assert_eq!(app.count("users").await, 0);
}
