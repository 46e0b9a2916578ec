//! `POST /v1/users/link` with an `Idempotency-Key`.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::users::{assert_refused, data, link_with, linked, person};

on_both! {
    a_replay_says_the_same_and_so,
    a_replay_after_the_user_was_deleted_brings_nobody_back,
}

async fn a_replay_says_the_same_and_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let call = |body: Value| {
        let call = app.server().call("POST", "/v1/users/link");
        call.header("idempotency-key", "k-1").json(&body).send()
    };
    let first = call(person("ada")).await;
    app.advance(60);
    // The user moves on; what was answered does not.
    linked(
        &app.server(),
        &link_with(&json!({ "email": "ada@example.com", "metadata": { "later": 1 } })),
    )
    .await;
    let again = call(person("ada")).await;
    assert_eq!(data(&again), data(&first));
    assert_eq!(again.json()["data"].to_string(), first.json()["data"].to_string());
    assert!(first.json()["data"]["waffy_token"].is_string());
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        ("", "true")
    );
    let mismatch = call(person("bob")).await;
    assert_refused(
        &mismatch,
        Code::IdempotencyMismatch,
        Code::IdempotencyMismatch.title(),
        None,
    );
    let saved = app.contents().await.concat();
    assert!(!saved.contains(first.json()["data"]["waffy_token"].as_str().unwrap()));
}

async fn a_replay_after_the_user_was_deleted_brings_nobody_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let call = || {
        let call = app.server().call("POST", "/v1/users/link");
        call.header("idempotency-key", "k-1").json(&person("ada")).send()
    };
    let first = data(&call().await);
    let path = format!("/v1/users/{}", first["user_id"].as_str().unwrap());
    assert_eq!(app.server().call("DELETE", &path).send().await.status, 200);
    let message = "The user that this call linked was deleted since.";
    assert_refused(&call().await, Code::UserNotFound, message, None);
    assert_eq!(app.count("users where status <> 'erased'").await, 0);
}
