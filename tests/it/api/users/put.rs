//! `PUT /v1/users/{user_id}`.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Answer;
use crate::support::store::race;
use crate::support::users::{UPDATE, assert_refused, data, link_with, linked, person};

on_both! {
    the_documented_call_changes_all_three_at_once,
    what_is_absent_stays,
    nothing_new_is_no_event,
    a_verified_phone_is_kept_beside_the_pending_one,
    a_partners_user_can_be_changed,
    an_email_of_another_user_is_a_conflict,
    changes_at_once_are_all_kept,
    bad_fields_are_named_and_nothing_is_written,
}

async fn put(app: &TestApp, id: &str, body: &Value) -> Answer {
    app.server()
        .call("PUT", &format!("/v1/users/{id}"))
        .json(body)
        .send()
        .await
}

async fn the_documented_call_changes_all_three_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &link_with(&json!({}))).await;
    app.advance(60);
    let call = app.server().call("PUT", &format!("/v1/users/{id}"));
    let answer = call
        .header("content-type", "application/json")
        .body(UPDATE)
        .send()
        .await;
    let changed = data(&answer);
    assert_eq!(
        (
            &changed["name"],
            &changed["phone"],
            &changed["email"],
            &changed["updated_at"]
        ),
        (
            &json!("John Smith"),
            &json!("+1987654321"),
            &json!("user@example.com"),
            &json!("2027-01-15T08:01:00Z")
        )
    );
    assert_eq!(
        changed["metadata"].to_string(),
        r#"{"source":"web_app","campaign_id":"summer_2024","updated_source":"mobile_app"}"#
    );
    assert_eq!(data(&app.server().get(&format!("/v1/users/{id}")).await), changed);
    let events = app
        .rows("select type from events where type like 'user.%' order by seq")
        .await;
    assert!(events[1].contains("user.updated"), "{events:?}");
}

async fn what_is_absent_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &link_with(&json!({}))).await;
    let before = data(&app.server().get(&format!("/v1/users/{id}")).await);
    app.advance(1);
    let changed = data(
        &put(
            &app,
            &id,
            &json!({ "metadata": { "source": null }, "name": null, "unknown": 1 }),
        )
        .await,
    );
    assert_eq!(changed["metadata"], json!({ "campaign_id": "summer_2024" }));
    for same in ["name", "phone", "email", "created_at", "waffy_token", "status"] {
        assert_eq!(changed[same], before[same], "{same}");
    }
}

async fn nothing_new_is_no_event(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &link_with(&json!({}))).await;
    let before = app.contents().await;
    app.advance(1);
    for body in [
        json!({}),
        json!({ "name": "John Doe", "phone": "+1234567890", "email": "user@example.com", "metadata": { "source": "web_app" } }),
    ] {
        assert_eq!(put(&app, &id, &body).await.status, 200);
    }
    assert_eq!(app.contents().await, before);
}

async fn a_verified_phone_is_kept_beside_the_pending_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    app.prove(&id, "phone", "+1234567890").await;
    app.advance(1);
    let phone = |data: &Value| {
        (
            data["phone"].clone(),
            data["verification_status"]["phone_verified"].clone(),
        )
    };
    let changed = data(&put(&app, &id, &json!({ "phone": "+1987654321" })).await);
    assert_eq!(phone(&changed), (json!("+1987654321"), json!(false)));
    let proven = "identities where kind = 'phone' and key = '+1234567890' and state = 'verified'";
    assert_eq!(app.count(proven).await, 1);
    app.advance(1);
    let back = data(&put(&app, &id, &json!({ "phone": "+1234567890" })).await);
    assert_eq!(phone(&back), (json!("+1234567890"), json!(true)));
}

async fn a_partners_user_can_be_changed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = app.user(&app.signed_in("ada").await).await.to_string();
    let theirs = app.rows("select * from identities").await;
    app.advance(1);
    let changed = data(&put(&app, &id, &json!({ "name": "Ada", "email": "own@example.com" })).await);
    assert_eq!(
        (&changed["name"], &changed["email"]),
        (&json!("Ada"), &json!("own@example.com"))
    );
    // The partner's own word stands as it was, and is all that the partner sees.
    let now = app.rows("select * from identities").await;
    assert!(theirs.iter().all(|row| now.contains(row)), "{now:?}");
    let seen = app
        .partner()
        .post("/api/v1/embedded_check_user", &json!({ "partner_user_id": "ada" }))
        .await;
    assert_eq!(seen.json()["user"], "ada@example.com");
}

async fn an_email_of_another_user_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let bob = linked(&app.server(), &person("bob")).await;
    let before = app.contents().await;
    let answer = put(&app, &bob, &json!({ "email": "ada@example.com", "name": "Bobby" })).await;
    let message = format!("You brought {ada} with this e-mail. Change that user, or send another e-mail.");
    assert_refused(&answer, Code::Conflict, &message, Some(json!({ "field": "email" })));
    assert_eq!(app.contents().await, before);
}

async fn changes_at_once_are_all_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let (server, path) = (app.server(), format!("/v1/users/{id}"));
    let answers = race(10, |number| {
        let call = server.call("PUT", &path);
        let body = json!({ "metadata": { number.to_string(): number }, "email": format!("a{number}@example.com") });
        async move { call.json(&body).send().await.status }
    })
    .await;
    assert_eq!(answers, [200; 10]);
    let shown = data(&app.server().get(&path).await);
    assert_eq!(shown["metadata"].as_object().unwrap().len(), 12);
    assert_eq!(app.count("identities where kind = 'email'").await, 1);
}

async fn bad_fields_are_named_and_nothing_is_written(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let before = app.contents().await;
    for (field, sent, message) in [
        ("email", json!("invalid-email"), "Invalid email format"),
        ("name", json!(""), "Send a name of 1 to 200 characters on one line."),
        (
            "phone",
            json!("+0123"),
            "Invalid phone format: send E.164, a + and 7 to 15 digits, like +306912345678.",
        ),
        ("metadata", json!(7), "metadata must be an object."),
    ] {
        let answer = put(&app, &id, &json!({ "name": "New", field: sent })).await;
        let details = json!({ "field": field, "value": sent });
        assert_refused(&answer, Code::Validation, message, Some(details));
    }
    let many: Value = (0..50)
        .map(|n| (n.to_string(), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let answer = put(&app, &id, &json!({ "metadata": many })).await;
    let message = "metadata may hold at most 50 keys; remove some by sending null for them.";
    assert_refused(&answer, Code::Validation, message, Some(json!({ "field": "metadata" })));
    assert_eq!(app.contents().await, before);
}
