//! `POST /v1/users/{user_id}/verifications/check`

use aboard::domain::Code;
use serde_json::{Value, json};

use super::verifications::ask;
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Answer;
use crate::support::codes::{EMAIL, other_than};
use crate::support::users::{assert_refused, data, linked, person};

on_both! {
    a_right_code_proves_the_address,
    whatever_is_wrong_is_answered_alike,
    an_address_of_somebody_else_stays_theirs,
    a_replay_answers_the_user,
}

async fn begin(app: &TestApp, user: &str, channel: &str, to: &str) -> (String, String) {
    let answer = ask(app, user, channel).await;
    let id = answer.json()["data"]["verification_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    (id, app.code_for(to).await)
}

async fn check(app: &TestApp, user: &str, id: &str, code: &str) -> Answer {
    let body = json!({ "verification_id": id, "code": code });
    app.server()
        .post(&format!("/v1/users/{user}/verifications/check"), &body)
        .await
}

async fn a_right_code_proves_the_address(engine: Engine) {
    let app = TestApp::start(engine).await;
    let bob = linked(&app.server(), &person("bob")).await;
    let ada = linked(&app.server(), &person("ada")).await;
    for (user, channel, to, expected) in [
        (&bob, "sms", "+1234567890", (false, true)),
        (&ada, "email", "ada@example.com", (true, false)),
    ] {
        let (id, code) = begin(&app, user, channel, to).await;
        let shown = data(&check(&app, user, &id, &code).await);
        let status = &shown["verification_status"];
        assert_eq!(
            (&status["email_verified"], &status["phone_verified"]),
            (&json!(expected.0), &json!(expected.1))
        );
        assert_eq!(
            (&shown["user_id"], &shown["status"]),
            (&json!(user), &json!("verified"))
        );
        assert_eq!(shown, data(&app.server().get(&format!("/v1/users/{user}")).await));
    }
    // Now the address logs the person in.
    app.advance(60);
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_eq!(app.me(&token).await.json()["data"]["user_id"], json!(ada));
}

async fn whatever_is_wrong_is_answered_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let bob = linked(&app.server(), &person("bob")).await;
    let (id, code) = begin(&app, &ada, "email", "ada@example.com").await;
    let message = "This code is wrong, expired or already used. Check it, or send a new one.";
    let refused = |answer: &Answer| assert_refused(answer, Code::CodeRefused, message, None);
    refused(&check(&app, &ada, &id, other_than(&code)).await);
    refused(&check(&app, &bob, &id, &code).await);
    refused(&check(&app, &ada, "chl_nothing", &code).await);
    // A code to log in proves nothing here, and the other way round.
    let shop = app.shop().await;
    let token = EMAIL.begin(&shop).await;
    let to_log_in = app.code_for("ada@example.com").await;
    let (_, claims, _) = crate::support::token::parts(&token);
    refused(&check(&app, &ada, claims["sub"].as_str().unwrap(), &to_log_in).await);
    assert_eq!(data(&check(&app, &ada, &id, &code).await)["status"], "verified");
    refused(&check(&app, &ada, &id, &code).await);
    app.advance(60);
    let phone = begin(&app, &ada, "sms", "+1234567890").await;
    app.advance(600);
    refused(&check(&app, &ada, &phone.0, &phone.1).await);
}

async fn an_address_of_somebody_else_stays_theirs(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.log_in(EMAIL, &app.shop().await).await;
    let theirs = app.me(&token).await.json()["data"]["user_id"].clone();
    app.advance(60);
    let ada = linked(&app.server(), &person("ada")).await;
    assert_ne!(json!(ada), theirs);
    let (id, code) = begin(&app, &ada, "email", "ada@example.com").await;
    let answer = check(&app, &ada, &id, &code).await;
    // The person may join the two on a page of ours; nothing has moved.
    let join_url = answer.json()["error"]["details"]["join_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let message = "Another user has proven this address, so it stays theirs.";
    assert_refused(
        &answer,
        Code::AddressOfAnother,
        message,
        Some(json!({ "join_url": join_url })),
    );
    assert!(join_url.starts_with(&format!("{}/join/", app.app.url)), "{join_url}");
    assert_eq!(app.browser().get(&join_url).await.status, 200);
    // Whose it is, is not said.
    assert!(!answer.text().contains(theirs.as_str().unwrap()));
    assert_eq!(app.me(&token).await.status, 200);
    assert_eq!(
        data(&app.server().get(&format!("/v1/users/{ada}")).await)["status"],
        "linked"
    );
}

async fn a_replay_answers_the_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let (id, code) = begin(&app, &ada, "email", "ada@example.com").await;
    let path = format!("/v1/users/{ada}/verifications/check");
    let call = async |body: &Value| {
        app.server()
            .call("POST", &path)
            .header("idempotency-key", "k")
            .json(body)
            .send()
            .await
    };
    let wrong = json!({ "verification_id": id, "code": other_than(&code) });
    assert_eq!(call(&wrong).await.status, 400);
    let right = json!({ "verification_id": id, "code": code });
    let (first, again) = (call(&right).await, call(&right).await);
    assert_eq!(
        (first.status, again.status, again.header("idempotent-replayed")),
        (200, 200, "true")
    );
    assert_eq!(first.json()["data"], again.json()["data"]);
    assert_eq!(call(&wrong).await.status, 422);
}
