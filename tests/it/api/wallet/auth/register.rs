//! `POST /api/v{1,2}/auth/register`

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::logins::{access, refusal_of};
use crate::support::token::parts;

on_both! {
    a_person_chooses_a_username,
    a_taken_username_is_a_conflict,
    wrong_fields_are_named_and_a_password_is_never_repeated,
    a_password_stands_nowhere,
    an_environment_may_take_no_passwords,
    one_network_registers_so_many_in_an_hour,
}

pub const PASSWORD: &str = "correct horse battery";

pub async fn register(shop: &Client, username: &str) -> Answer {
    let body = json!({ "username": username, "password": PASSWORD });
    shop.post("/api/v2/auth/register", &body).await
}

async fn a_person_chooses_a_username(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    let answer = register(&public, "Ada").await;
    let token = access(&answer);
    let expected = json!({
        "status": 200, "message": "Register Account successfully",
        "data": { "accessToken": token, "isWalletCreated": false },
    });
    assert_eq!(answer.whole(), (200, expected));
    let (_, claims, _) = parts(&token);
    assert_eq!(
        (&claims["amr"], &claims["provider"], &claims["username"]),
        (&json!("password"), &json!("username"), &json!("Ada"))
    );
    // A username proves no address.
    let me = app.me(&token).await.json()["data"].clone();
    assert_eq!((&me["status"], &me["email"]), (&json!("linked"), &Value::Null));
    let old = json!({ "username": "bob", "password": PASSWORD, "expireDate": "2030-01-31" });
    access(&public.post("/api/v1/auth/register", &old).await);
}

async fn a_taken_username_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    access(&register(&shop, "ada").await);
    for taken in ["ada", "ADA"] {
        assert!(refusal_of(&register(&shop, taken).await, 409).contains("taken"));
    }
    assert_eq!(app.count("users").await, 1);
    // Another app's people are others.
    access(&register(&app.shop().await, "ada").await);
}

async fn wrong_fields_are_named_and_a_password_is_never_repeated(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    for (username, password, said) in [
        (json!(""), json!(PASSWORD), "username"),
        (json!(" ada"), json!(PASSWORD), "username"),
        (Value::Null, json!(PASSWORD), "username"),
        (json!("ada"), json!("shortpw"), "password"),
        (json!("ada"), json!(12_345_678), "password"),
        (json!("ada"), Value::Null, "password"),
    ] {
        let body = json!({ "username": username, "password": password });
        let answer = shop.post("/api/v2/auth/register", &body).await;
        let message = refusal_of(&answer, 400);
        assert!(message.contains(said) && !message.contains("shortpw"), "{message}");
    }
    assert_eq!(app.count("users").await, 0);
}

async fn a_password_stands_nowhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = register(&app.shop().await, "ada").await;
    for row in app.contents().await {
        assert!(!row.contains(PASSWORD), "{row}");
    }
    assert!(!answer.text().contains(PASSWORD));
    let hashes = app.rows("select hash from passwords").await;
    assert!(hashes[0].contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashes:?}");
}

async fn an_environment_may_take_no_passwords(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    access(&register(&shop, "ada").await);
    app.set("login.passwords", "false").await;
    assert!(refusal_of(&register(&shop, "bob").await, 403).contains("login.passwords"));
    let known = json!({ "username": "ada", "password": PASSWORD });
    for version in ["v1", "v2"] {
        let answer = shop.post(&format!("/api/{version}/auth/login"), &known).await;
        assert!(refusal_of(&answer, 403).contains("login.passwords"));
    }
    assert_eq!(app.count("users").await, 1);
    app.set("login.passwords", "true").await;
    access(&shop.post("/api/v2/auth/login", &known).await);
}

async fn one_network_registers_so_many_in_an_hour(engine: Engine) {
    let settings = [
        ("limits.registrations_per_network_hour", "2"),
        ("server.trusted_proxies", r#"["127.0.0.0/8"]"#),
    ];
    let app = TestApp::with(engine, &settings).await;
    let made = app.new_app(&app.sandbox, &[]).await;
    let public = app.anonymous().with("x-app-id", &made.app.to_string());
    let (home, away) = (
        public.with("x-forwarded-for", "203.0.113.7"),
        public.with("x-forwarded-for", "203.0.113.8"),
    );
    access(&register(&home, "ada").await);
    app.advance(600);
    access(&register(&home, "bob").await);
    let refused = register(&home, "eve").await;
    let message = refusal_of(&refused, 429);
    assert!(message.contains("network"), "{message}");
    assert_eq!(refused.header("retry-after"), "3000");
    // Others go on: another network, and the app's own back end, through which everybody may come.
    access(&register(&away, "eve").await);
    let back_end = app.anonymous().with("x-client-secret", &made.client_secret);
    let back_end = back_end.with("x-forwarded-for", "203.0.113.7");
    for number in 0..3 {
        access(&register(&back_end, &format!("customer {number}")).await);
    }
    app.advance(3_000);
    access(&register(&home, "mallory").await);
    assert_eq!(app.count("users").await, 7);
}
