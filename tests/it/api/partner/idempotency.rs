//! `Idempotency-Key` on `external_login`: a repeated call re-mints the link, which is never stored.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, login_url, on_both, plain_refusal, refusal, user, user_with};
use crate::support::client::{Answer, Client};

on_both! {
    a_replay_mints_another_link_and_says_so,
    another_body_under_the_same_key_is_a_mismatch_and_writes_nothing,
    bare_and_quoted_are_one_key,
    a_key_belongs_to_one_credential,
    a_refused_call_does_not_use_up_its_key,
    a_key_may_be_used_anew_after_a_day,
    a_key_that_cannot_be_one_is_refused,
    a_replay_does_not_bring_an_erased_user_back,
}

async fn call(client: &Client, key: &str, body: &Value) -> Answer {
    let call = client
        .call("POST", "/api/v1/external_login")
        .header("idempotency-key", key);
    call.json(body).send().await
}

async fn a_replay_mints_another_link_and_says_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = user_with("ada", &json!({ "webhook_endpoint": "https://example.com/hook" }));
    let first = call(app.partner(), "k-1", &body).await;
    let again = call(app.partner(), "k-1", &body).await;
    assert_ne!(login_url(&first), login_url(&again));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        ("", "true")
    );
    assert_eq!((app.count("users").await, app.count("deliveries").await), (1, 1));
    for answer in [first, again] {
        assert_eq!(app.anonymous().get(&login_url(&answer)).await.status, 200);
    }
}

async fn another_body_under_the_same_key_is_a_mismatch_and_writes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    login_url(&call(app.partner(), "k-1", &user("ada")).await);
    let before = app.contents().await;
    let answer = call(app.partner(), "k-1", &user("grace")).await;
    assert_eq!(answer.whole(), plain_refusal(Code::IdempotencyMismatch));
    assert_eq!(answer.status, 422);
    assert_eq!(app.contents().await, before);
}

async fn bare_and_quoted_are_one_key(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (key, replayed) in [("k 1", ""), ("\"k 1\"", "true"), ("  k 1  ", "true"), ("k 2", "")] {
        let answer = call(app.partner(), key, &user("ada")).await;
        assert_eq!(answer.header("idempotent-replayed"), replayed, "{key}");
    }
}

async fn a_key_belongs_to_one_credential(engine: Engine) {
    let app = TestApp::start(engine).await;
    for client in [app.partner(), &app.sandbox.rival.client, &app.production.partner.client] {
        let answer = call(client, "k-1", &user("ada")).await;
        assert_eq!((answer.status, answer.header("idempotent-replayed")), (200, ""));
    }
}

async fn a_refused_call_does_not_use_up_its_key(engine: Engine) {
    let app = TestApp::start(engine).await;
    let bad = user_with("ada", &json!({ "email": "no address" }));
    assert_eq!(call(app.partner(), "k-1", &bad).await.status, 422);
    let good = call(app.partner(), "k-1", &user("ada")).await;
    assert_eq!((good.status, good.header("idempotent-replayed")), (200, ""));
}

async fn a_key_may_be_used_anew_after_a_day(engine: Engine) {
    let app = TestApp::start(engine).await;
    login_url(&call(app.partner(), "k-1", &user("ada")).await);
    app.advance(86_399);
    assert_eq!(call(app.partner(), "k-1", &user("grace")).await.status, 422);
    app.advance(1);
    let anew = call(app.partner(), "k-1", &user("grace")).await;
    assert_eq!((anew.status, anew.header("idempotent-replayed")), (200, ""));
}

async fn a_key_that_cannot_be_one_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let message = "Send an Idempotency-Key of 1 to 255 visible ASCII characters other than quotation marks.";
    for key in ["", "\"\"", &"k".repeat(256), "schlüssel"] {
        let answer = call(app.partner(), key, &user("ada")).await;
        assert_eq!(
            answer.whole(),
            refusal(422, Code::Validation, Some("Idempotency-Key"), message),
            "{key}"
        );
    }
    assert_eq!(app.contents().await, before);
    login_url(&call(app.partner(), &"k".repeat(255), &user("ada")).await);
}

async fn a_replay_does_not_bring_an_erased_user_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    login_url(&call(app.partner(), "k-1", &user("ada")).await);
    let users = app.server().get("/v1/users").await.json();
    let id = users["data"][0]["user_id"].as_str().expect("an id").to_owned();
    let erased = app.server().call("DELETE", &format!("/v1/users/{id}")).send().await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let before = app.contents().await;
    let answer = call(app.partner(), "k-1", &user("ada")).await;
    let message = "The user that this call made was deleted since. Use a new Idempotency-Key to make it again.";
    assert_eq!(answer.whole(), refusal(404, Code::UserNotFound, None, message));
    assert_eq!(app.contents().await, before);
    login_url(&call(app.partner(), "k-2", &user("ada")).await);
}
