//! `GET /v1/users/{user_id}`.

use aboard::domain::{UserId, Uuid};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both, user};
use crate::support::users::{assert_unknown, data, link_with, linked, person};

on_both! {
    the_answer_has_the_documented_fields,
    a_partners_user_is_shown_too,
    what_is_proven_is_shown_until_the_back_end_says_otherwise,
    a_retired_id_shows_the_user_it_became,
    an_id_of_another_environment_is_as_unknown_as_any,
    a_suspended_user_is_shown_as_such,
}

async fn get(app: &TestApp, id: &str) -> Value {
    data(&app.server().get(&format!("/v1/users/{id}")).await)
}

async fn the_answer_has_the_documented_fields(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &link_with(&json!({}))).await;
    let shown = get(&app, &id).await;
    let names: Vec<_> = shown.as_object().unwrap().keys().collect();
    let documented = [
        "user_id",
        "email",
        "phone",
        "name",
        "status",
        "waffy_token",
        "verification_status",
        "created_at",
        "updated_at",
        "metadata",
    ];
    assert_eq!(names, documented);
    let token = shown["waffy_token"].clone();
    assert!(token.as_str().unwrap().starts_with("wft_"));
    let expected = json!({
        "user_id": id, "email": "user@example.com", "phone": "+1234567890", "name": "John Doe", "status": "linked", "waffy_token": token,
        "verification_status": {
            "email_verified": false, "phone_verified": false, "kyc_status": "not_started", "kyb_status": "not_started",
        },
        "created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z",
        "metadata": { "source": "web_app", "campaign_id": "summer_2024" },
    });
    assert_eq!(shown, expected);
    // Ids are read whatever their case.
    let loud = format!("usr_{}", id[4..].to_ascii_uppercase());
    assert_eq!(get(&app, &loud).await, shown);
}

async fn a_partners_user_is_shown_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = app.user(&app.signed_in("ada").await).await.to_string();
    let shown = get(&app, &id).await;
    assert_eq!(
        (&shown["email"], &shown["phone"], &shown["name"], &shown["metadata"]),
        (
            &json!("ada@example.com"),
            &json!("1234567890"),
            &Value::Null,
            &json!({})
        )
    );
    // What the partner says last is what is shown.
    app.advance(1);
    let mut call = user("ada");
    call["email"] = json!("new@example.com");
    app.partner().post("/api/v1/external_login", &call).await;
    assert_eq!(get(&app, &id).await["email"], "new@example.com");
}

async fn what_is_proven_is_shown_until_the_back_end_says_otherwise(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let email = async || {
        let shown = get(&app, &id).await;
        (
            shown["email"].as_str().unwrap().to_owned(),
            shown["verification_status"]["email_verified"] == true,
        )
    };
    app.advance(1);
    app.prove(&id, "email", "proven@example.com").await;
    assert_eq!(email().await, ("proven@example.com".to_owned(), true));
    assert_eq!(get(&app, &id).await["status"], "verified");
    app.advance(1);
    let path = format!("/v1/users/{id}");
    let change = app
        .server()
        .call("PUT", &path)
        .json(&json!({ "email": "pending@example.com" }));
    assert_eq!(change.send().await.status, 200);
    assert_eq!(email().await, ("pending@example.com".to_owned(), false));
    // Back to what was proven: nothing is pending any more.
    app.advance(1);
    let change = app
        .server()
        .call("PUT", &path)
        .json(&json!({ "email": "proven@example.com" }));
    assert_eq!(change.send().await.status, 200);
    assert_eq!(email().await, ("proven@example.com".to_owned(), true));
}

async fn a_retired_id_shows_the_user_it_became(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let old = UserId(app.instance().ids.id());
    let (row, environment) = (app.literal(old.0), app.literal(app.sandbox.environment.id.0));
    let living = app.literal(id.parse::<UserId>().unwrap().0);
    let (joined, until) = match engine {
        Engine::Sqlite => ("1", "2"),
        Engine::Postgres => ("now()", "now()"),
    };
    app.execute(&format!(
        "insert into user_aliases (id, environment_id, user_id, joined_at, undo_until) values ({row}, {environment}, {living}, {joined}, {until})"
    ))
    .await;
    assert_eq!(get(&app, &old.to_string()).await, get(&app, &id).await);
    let put = app
        .server()
        .call("PUT", &format!("/v1/users/{old}"))
        .json(&json!({ "name": "New" }));
    assert_eq!(data(&put.send().await)["user_id"], json!(id));
    assert_eq!(get(&app, &id).await["name"], "New");
    let stranger = app.anonymous().with("authorization", &app.production.server_key);
    assert_unknown(&stranger.get(&format!("/v1/users/{old}")).await, &old.to_string());
    // Deleting it deletes the person; the answer says who that is.
    let deleted = app.server().call("DELETE", &format!("/v1/users/{old}")).send().await;
    assert_eq!(data(&deleted), json!({ "user_id": id, "deleted": true }));
    assert_unknown(&app.server().get(&format!("/v1/users/{old}")).await, &old.to_string());
}

async fn an_id_of_another_environment_is_as_unknown_as_any(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let never = UserId(Uuid::from_u128(7)).to_string();
    let before = app.contents().await;
    for plane in [&app.production, &app.stranger] {
        let server = app.anonymous().with("authorization", &plane.server_key);
        for unknown in [id.as_str(), &never, "usr_1a2b3c4d5e6f", "abc", "wft_x"] {
            let path = format!("/v1/users/{unknown}");
            assert_unknown(&server.get(&path).await, unknown);
            let put = server
                .call("PUT", &path)
                .json(&json!({ "name": "x", "email": "x@example.com" }));
            assert_unknown(&put.send().await, unknown);
            assert_unknown(&server.call("DELETE", &path).send().await, unknown);
        }
    }
    for odd in ["%00", "%ff", &"x".repeat(300)] {
        let answer = app.server().get(&format!("/v1/users/{odd}")).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (404, &json!("USER_NOT_FOUND"))
        );
    }
    assert_eq!(app.contents().await, before);
}

async fn a_suspended_user_is_shown_as_such(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let store = &app.instance().store;
    let (environment, user) = (app.sandbox.environment.id, id.parse().unwrap());
    for (suspended, status) in [(true, "suspended"), (false, "linked")] {
        assert!(
            store
                .set_suspended(&app.admin(), environment, user, suspended, app.now())
                .await
                .unwrap()
        );
        assert_eq!(get(&app, &id).await["status"], status);
    }
}
