//! What a server key may do is what its scopes say.

use aboard::admin::{self, Allowed};
use aboard::domain::{Code, KeyKind};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};

on_both! {
    a_key_without_the_scope_is_refused_before_its_body_is_read,
    one_of_several_scopes_is_enough,
    a_word_that_this_release_does_not_know_allows_nothing,
}

const PATH: &str = "/v1/login_codes/exchange";

async fn key_with(app: &TestApp, scopes: &[&str]) -> Client {
    let environment = &app.sandbox.environment;
    let allowed = Allowed {
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        per_minute: None,
    };
    let owner = environment.id.0;
    let made = admin::create_key(app.instance(), environment, KeyKind::Server, owner, "narrow", allowed).await;
    app.anonymous().with("authorization", &made.expect("made").secret)
}

#[track_caller]
fn assert_forbidden(answer: &Answer) {
    let (status, body) = answer.whole();
    let message = "This key lacks the scope users. Use one that has it: `aboard keys create --scope users` makes one.";
    assert_eq!(
        (status, &body["error"]),
        (403, &json!({ "code": Code::Forbidden.slug(), "message": message }))
    );
    // The key is good: it is counted as its own.
    assert_eq!(answer.header("x-ratelimit-limit"), "100000");
}

async fn a_key_without_the_scope_is_refused_before_its_body_is_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    for scopes in [&[][..], &["users:token"], &["requests", "wallets:erase"]] {
        let key = key_with(&app, scopes).await;
        let before = app.contents().await;
        for body in [json!({ "code": "x" }), json!({}), Value::Null] {
            assert_forbidden(&key.post(PATH, &body).await);
        }
        assert_eq!(app.contents().await, before);
    }
}

async fn one_of_several_scopes_is_enough(engine: Engine) {
    let app = TestApp::start(engine).await;
    for scopes in [&["users"][..], &["requests", "users", "users:token"]] {
        let answer = key_with(&app, scopes).await.post(PATH, &json!({ "code": "x" })).await;
        assert_eq!(answer.json()["error"]["code"], Code::CodeRefused.slug(), "{scopes:?}");
    }
}

async fn a_word_that_this_release_does_not_know_allows_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    for word in ["users:all", "USERS", "*"] {
        assert_forbidden(&key_with(&app, &[word]).await.post(PATH, &json!({ "code": "x" })).await);
    }
}
