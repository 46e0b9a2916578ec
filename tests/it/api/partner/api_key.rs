//! `POST /api/v1/users/{partner_user_id}/api_key`

use aboard::domain::Code;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both, plain_refusal, user_with};
use crate::support::client::Answer;

on_both! {
    a_key_is_issued_and_shown_once,
    keys_stand_beside_each_other,
    an_id_may_hold_anything_that_a_path_can_carry,
    a_user_that_is_not_there_is_404_however_it_is_spelled,
    a_suspended_user_gets_no_key,
    a_repeated_call_names_the_key_that_it_made_and_makes_no_other,
}

#[track_caller]
fn key(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["api_key"].as_str().expect("a text").to_owned()
}

async fn a_key_is_issued_and_shown_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("abc123").await;
    assert_eq!(app.count("user_keys").await, 0);
    let answer = app.partner().call("POST", "/api/v1/users/abc123/api_key").send().await;
    let api_key = key(&answer);
    assert!(api_key.starts_with("abu_test_"), "{answer:?}");
    let body = answer.json();
    let wrapp_user_id = body["wrapp_user_id"].as_str().expect("a text");
    let whole = json!({ "wrapp_user_id": wrapp_user_id, "partner_user_id": "abc123", "api_key": api_key });
    assert_eq!(answer.whole(), (200, whole));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(
        !app.contents().await.join("\n").contains(&api_key),
        "the key is stored as it is"
    );
    let login = json!({ "api_key": api_key, "wrapp_user_id": wrapp_user_id });
    assert_eq!(app.anonymous().post("/api/v1/login", &login).await.status, 200);
}

async fn keys_stand_beside_each_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let one = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await;
    let other = app
        .partner()
        .post("/api/v1/users/ada/api_key", &json!({ "ignored": 1 }))
        .await;
    assert_ne!(key(&one), key(&other));
    assert_eq!(one.json()["wrapp_user_id"], other.json()["wrapp_user_id"]);
    for answer in [one, other] {
        let login = json!({ "api_key": key(&answer), "email": "ada@example.com" });
        assert_eq!(app.anonymous().post("/api/v1/login", &login).await.status, 200);
    }
}

async fn an_id_may_hold_anything_that_a_path_can_carry(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (id, path) in [
        ("a/b", "a%2Fb"),
        ("ada lovelace", "ada%20lovelace"),
        ("Ωμέγα", "%CE%A9%CE%BC%CE%AD%CE%B3%CE%B1"),
        ("100%", "100%25"),
        ("a+b?c#d", "a+b%3Fc%23d"),
    ] {
        let given = user_with(id, &json!({ "email": "ada@example.com" }));
        assert_eq!(app.partner().post("/api/v1/external_login", &given).await.status, 200);
        let answer = app
            .partner()
            .post(&format!("/api/v1/users/{path}/api_key"), &json!({}))
            .await;
        assert_eq!((answer.status, &answer.json()["partner_user_id"]), (200, &json!(id)));
    }
}

async fn a_user_that_is_not_there_is_404_however_it_is_spelled(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let before = app.contents().await;
    let long = "x".repeat(256);
    for id in ["", "grace", "%00", "ada%00", "%FF", "%C3%28", "%zz", "ADA", &long] {
        let answer = app
            .partner()
            .post(&format!("/api/v1/users/{id}/api_key"), &json!({}))
            .await;
        assert_eq!(answer.whole(), plain_refusal(Code::UserNotFound), "{id}");
    }
    assert_eq!(app.contents().await, before);
}

async fn a_suspended_user_gets_no_key(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = app.user(&app.signed_in("ada").await).await;
    let environment = app.sandbox.environment.id;
    let suspended = app
        .instance()
        .store
        .set_suspended(&app.admin(), environment, user, true, app.now())
        .await;
    assert!(suspended.expect("the store answers"));
    let before = app.contents().await;
    let answer = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await;
    assert_eq!(answer.whole(), plain_refusal(Code::UserNotFound));
    assert_eq!(app.contents().await, before);
}

async fn a_repeated_call_names_the_key_that_it_made_and_makes_no_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    app.link("grace").await;
    let call = async |user: &str, body: &str| {
        let call = app.partner().call("POST", &format!("/api/v1/users/{user}/api_key"));
        call.header("idempotency-key", "k-1").body(body.to_owned()).send().await
    };
    let issued = key(&call("ada", "").await);
    let again = call("ada", "").await;
    assert_eq!(again.status, 409, "{again:?}");
    let said = again.whole().1.to_string();
    assert!(said.contains("uky_") && !said.contains(&issued), "{said}");
    let (status, said) = call("ada", "{}").await.whole();
    assert_eq!((status, said), plain_refusal(Code::IdempotencyMismatch));
    assert_eq!(app.count("user_keys").await, 1);
    // Another path is another call.
    assert_ne!(key(&call("grace", "").await), issued);
}
