//! `POST /v1/users/{user_id}/verifications`

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Answer;
use crate::support::users::{assert_refused, assert_unknown, data, linked, meta, person};

on_both! {
    a_code_goes_to_the_address_that_is_shown,
    what_cannot_be_proven_is_a_conflict,
    a_replay_sends_nothing,
    the_budget_is_that_of_the_address,
}

pub async fn ask(app: &TestApp, user: &str, channel: &str) -> Answer {
    let path = format!("/v1/users/{user}/verifications");
    app.server().post(&path, &json!({ "channel": channel })).await
}

async fn a_code_goes_to_the_address_that_is_shown(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    for (channel, to, what) in [
        ("email", "ada@example.com", "to confirm"),
        ("whatsapp", "+1234567890", "to confirm"),
    ] {
        let answer = ask(&app, &ada, channel).await;
        let id = answer.json()["data"]["verification_id"].clone();
        assert!(id.as_str().unwrap().starts_with("chl_"));
        let expected = json!({
            "verification_id": id, "user_id": ada, "channel": channel, "expires_at": "2027-01-15T08:10:00Z",
        });
        assert_eq!(
            answer.whole(),
            (201, json!({ "success": true, "data": expected, "meta": meta(&answer) }))
        );
        app.code_for(to).await;
        let kept = app.inbox(to).await[0].clone();
        let text = kept["text"].as_str().unwrap();
        assert_eq!(kept["channel"], channel);
        // The text names the organization and what the code is for.
        assert!(text.contains("Northwind") && text.contains(what), "{text}");
    }
}

async fn what_cannot_be_proven_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let conflict = async |user: &str, channel: &str, said: &str| {
        let answer = ask(&app, user, channel).await;
        assert_eq!(answer.status, 409, "{answer:?}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(said), "{message}");
    };
    app.prove(&ada, "email", "ada@example.com").await;
    conflict(&ada, "email", "proven this e-mail already").await;
    // Brought by a partner, which may read what is sent there.
    let partners = app.user(&app.signed_in("bob").await).await.to_string();
    conflict(&partners, "sms", "what a partner says").await;
    app.execute("update users set status = 'suspended'").await;
    conflict(&ada, "sms", "suspended").await;
    assert_unknown(&ask(&app, "usr_nobody", "sms").await, "usr_nobody");
    let wrong = ask(&app, &ada, "fax").await;
    let details = json!({ "field": "channel", "value": "fax" });
    assert_refused(
        &wrong,
        Code::Validation,
        "channel must be email, whatsapp or sms.",
        Some(details),
    );
    assert_eq!(app.count("challenges").await, 0);
}

async fn a_replay_sends_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let path = format!("/v1/users/{ada}/verifications");
    let call = async |body: &Value| {
        app.server()
            .call("POST", &path)
            .header("idempotency-key", "k")
            .json(body)
            .send()
            .await
    };
    let body = json!({ "channel": "email" });
    let first = call(&body).await;
    let again = call(&body).await;
    assert_eq!(
        (first.status, again.status, again.header("idempotent-replayed")),
        (201, 201, "true")
    );
    assert_eq!(first.json()["data"], again.json()["data"]);
    assert_eq!(app.count("messages").await, 1);
    assert_eq!(call(&json!({ "channel": "sms" })).await.status, 422);
}

async fn the_budget_is_that_of_the_address(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    assert_eq!(ask(&app, &ada, "sms").await.status, 201);
    let refused = ask(&app, &ada, "whatsapp").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    app.advance(60);
    assert_eq!(ask(&app, &ada, "whatsapp").await.status, 201);
    assert_eq!(
        data(&app.server().get(&format!("/v1/users/{ada}")).await)["status"],
        "linked"
    );
}
