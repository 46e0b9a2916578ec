//! `POST /api/v1/login`

use aboard::domain::{Code, EnvironmentKind, KeyKind, NewKey};
use serde_json::{Value, json};

use crate::support::app::{Engine, Setup, TestApp, on_both, plain_refusal, refusal};

on_both! {
    a_key_with_its_email_or_its_id_gets_a_token,
    whoever_is_not_named_is_no_valid_user,
    a_key_that_is_not_a_good_user_key_is_refused_the_same_way,
    a_bad_field_is_named,
    a_login_in_the_second_of_the_creation_works,
    guesses_with_a_good_key_are_counted,
}

const PATH: &str = "/api/v1/login";

/// A user's key and its pairwise id.
pub async fn issue(app: &TestApp, partner_user_id: &str) -> (String, String) {
    app.link(partner_user_id).await;
    let path = format!("/api/v1/users/{partner_user_id}/api_key");
    let answer = app.partner().post(&path, &json!({})).await.json();
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (text("api_key"), text("wrapp_user_id"))
}

/// The token of a user's key.
pub async fn token(app: &TestApp, api_key: &str, wrapp_user_id: &str) -> String {
    let body = json!({ "api_key": api_key, "wrapp_user_id": wrapp_user_id });
    let answer = app.anonymous().post(PATH, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["data"]["attributes"]["jwt"]
        .as_str()
        .expect("a text")
        .to_owned()
}

async fn a_key_with_its_email_or_its_id_gets_a_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let before = app.contents().await;
    for body in [
        json!({ "api_key": api_key, "email": "ada@example.com" }),
        json!({ "api_key": api_key, "email": "ADA@Example.com", "wrapp_user_id": null }),
        json!({ "api_key": api_key, "wrapp_user_id": id }),
        json!({ "api_key": api_key, "wrapp_user_id": id, "email": "ada@example.com" }),
    ] {
        let answer = app.anonymous().post(PATH, &body).await;
        let whole = answer.json();
        let jwt = whole["data"]["attributes"]["jwt"].as_str().expect("a text");
        assert_eq!(
            answer.whole(),
            (200, json!({ "data": { "type": "jwt", "attributes": { "jwt": jwt } } }))
        );
        assert_eq!(jwt.split('.').count(), 3);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-ratelimit-limit"), "100000");
    }
    assert_eq!(app.contents().await, before);
}

async fn whoever_is_not_named_is_no_valid_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let (_, other) = issue(&app, "grace").await;
    for companion in [
        json!({ "email": "grace@example.com" }),
        json!({ "email": "no address" }),
        json!({ "email": "" }),
        json!({ "wrapp_user_id": other }),
        json!({ "wrapp_user_id": "ada" }),
        json!({ "wrapp_user_id": id, "email": "grace@example.com" }),
        json!({ "wrapp_user_id": other, "email": "ada@example.com" }),
    ] {
        let mut body = companion.clone();
        body["api_key"] = json!(api_key);
        let answer = app.anonymous().post(PATH, &body).await;
        assert_eq!(answer.whole(), plain_refusal(Code::NotValidUser), "{companion}");
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["title"]),
            (401, &json!("Not valid user"))
        );
    }
}

async fn a_key_that_is_not_a_good_user_key_is_refused_the_same_way(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, _) = issue(&app, "ada").await;
    let ids = &app.instance().ids;
    let made = |kind, environment| {
        NewKey::new(kind, environment, ids.id(), ids.secret())
            .expose()
            .to_owned()
    };
    let mut mistyped = api_key.clone();
    mistyped.replace_range(20..21, if &api_key[20..21] == "x" { "y" } else { "x" });
    for key in [
        String::new(),
        "x".to_owned(),
        mistyped,
        api_key.replace("_test_", "_live_"),
        made(KeyKind::User, EnvironmentKind::Sandbox),
        made(KeyKind::User, EnvironmentKind::Production),
        app.sandbox.partner.created.partner_key.clone(),
        app.sandbox.server_key.clone(),
    ] {
        let answer = app
            .anonymous()
            .post(PATH, &json!({ "api_key": key, "email": "ada@example.com" }))
            .await;
        assert_eq!(answer.whole(), plain_refusal(Code::NotValidUser), "{key}");
    }
    let good = json!({ "api_key": api_key, "email": "ada@example.com" });
    app.execute("update user_keys set revoked_at = created_at").await;
    assert_eq!(
        app.anonymous().post(PATH, &good).await.whole(),
        plain_refusal(Code::NotValidUser)
    );
    app.execute("update user_keys set revoked_at = null").await;
    assert_eq!(app.anonymous().post(PATH, &good).await.status, 200);
    app.execute("update users set status = 'suspended'").await;
    assert_eq!(
        app.anonymous().post(PATH, &good).await.whole(),
        plain_refusal(Code::NotValidUser)
    );
}

async fn a_bad_field_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    for (body, field, message) in [
        (json!({ "email": "ada@example.com" }), "api_key", "api_key is required."),
        (
            json!({ "api_key": 1, "email": "ada@example.com" }),
            "api_key",
            "api_key must be a text.",
        ),
        (
            json!({ "api_key": Value::Null, "wrapp_user_id": id }),
            "api_key",
            "api_key is required.",
        ),
        (
            json!({ "api_key": api_key }),
            "email",
            "Send email or wrapp_user_id beside api_key.",
        ),
        (
            json!({ "api_key": api_key, "email": [] }),
            "email",
            "email must be a text.",
        ),
        (
            json!({ "api_key": api_key, "wrapp_user_id": 7 }),
            "wrapp_user_id",
            "wrapp_user_id must be a text.",
        ),
    ] {
        let answer = app.anonymous().post(PATH, &body).await;
        assert_eq!(answer.whole(), refusal(422, Code::Validation, Some(field), message));
    }
}

/// A token's times are whole seconds, a user's are not: a token made in the very second in which the user was
/// created is as good as any.
async fn a_login_in_the_second_of_the_creation_works(engine: Engine) {
    let last_microsecond = jiff::Timestamp::from_microsecond(1_800_000_000_999_999).expect("a time");
    let setup = Setup {
        starts_at: Some(last_microsecond),
        ..Setup::default()
    };
    let app = TestApp::set_up(engine, setup).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let user = app.anonymous().with("authorization", &format!("Bearer {jwt}"));
    assert_eq!(user.get("/api/v1/tenant_details").await.status, 200);
}

async fn guesses_with_a_good_key_are_counted(engine: Engine) {
    let app = TestApp::with(engine, &[("limits.sandbox_per_minute", "100")]).await;
    let (api_key, _) = issue(&app, "ada").await;
    let mut statuses = Vec::new();
    for number in 0..101 {
        let body = json!({ "api_key": api_key, "email": format!("guess{number}@example.com") });
        statuses.push(app.anonymous().post(PATH, &body).await.status);
    }
    assert!(statuses[..100].iter().all(|status| *status == 401), "{statuses:?}");
    assert_eq!(statuses[100], 429);
}
