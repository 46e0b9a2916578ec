//! `POST /v1/users/link`: the organization's back end brings a user.

use aboard::admin::{self, Allowed};
use aboard::domain::{Code, KeyKind, KeyScope, WaffyToken};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::store::race;
use crate::support::users::{LINK, assert_refused, data, link, link_with, linked, person};

on_both! {
    the_documented_call_answers_as_documented,
    a_known_email_is_the_same_user_with_what_is_new,
    nothing_is_written_when_nothing_is_new,
    a_suspended_user_is_not_linked,
    twenty_links_at_once_make_one_user,
    linking_and_deleting_at_once_leaves_a_living_user,
    each_environment_has_its_own_users,
    the_token_is_shown_to_keys_that_may_see_it,
    bad_fields_are_named_and_nothing_is_written,
    who_may_not_call_is_told_so,
}

async fn the_documented_call_answers_as_documented(engine: Engine) {
    let app = TestApp::start(engine).await;
    let call = app.server().call("POST", "/v1/users/link");
    let answer = call.header("content-type", "application/json").body(LINK).send().await;
    let data = data(&answer);
    let names: Vec<_> = data.as_object().unwrap().keys().collect();
    let documented = [
        "user_id",
        "waffy_token",
        "status",
        "verification_required",
        "created_at",
        "metadata",
    ];
    assert_eq!(names, documented);
    assert_eq!(
        answer.text().split("\"metadata\":").nth(1).unwrap().split('}').next(),
        Some(r#"{"source":"web_app","campaign_id":"summer_2024""#)
    );
    let (id, token) = (data["user_id"].as_str().unwrap(), data["waffy_token"].as_str().unwrap());
    assert_eq!((&id[..4], id.len(), &token[..4], token.len()), ("usr_", 30, "wft_", 47));
    let environment = app.sandbox.environment.id;
    assert_eq!(
        WaffyToken::read(&app.instance().vault, environment, token),
        Some(id.parse().unwrap())
    );
    assert_eq!(
        (&data["status"], &data["verification_required"], &data["created_at"]),
        (&json!("linked"), &json!(false), &json!("2027-01-15T08:00:00Z"))
    );
    let events = app.rows("select type from events where type like 'user.%'").await;
    assert!(events.len() == 1 && events[0].contains("user.linked"), "{events:?}");
}

async fn a_known_email_is_the_same_user_with_what_is_new(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = data(&link(&app.server(), &link_with(&json!({}))).await);
    app.advance(60);
    let again = link_with(&json!({
        "email": "User@Example.com", "phone": "+306912345678", "name": "  J. Doe ", "metadata": { "campaign_id": null, "b": [1] },
    }));
    let second = data(&link(&app.server(), &again).await);
    for same in ["user_id", "waffy_token", "created_at", "status"] {
        assert_eq!(second[same], first[same], "{same}");
    }
    assert_eq!(second["metadata"].to_string(), r#"{"source":"web_app","b":[1]}"#);
    let path = format!("/v1/users/{}", first["user_id"].as_str().unwrap());
    let shown = data(&app.server().get(&path).await);
    assert_eq!(
        (&shown["email"], &shown["phone"], &shown["name"], &shown["updated_at"]),
        (
            &json!("User@Example.com"),
            &json!("+306912345678"),
            &json!("J. Doe"),
            &json!("2027-01-15T08:01:00Z")
        )
    );
    assert_eq!(app.count("users").await, 1);
    let bodies = app
        .rows("select type from events where type like 'user.%' order by seq")
        .await;
    assert!(bodies.len() == 2 && bodies[1].contains("user.updated"), "{bodies:?}");
}

async fn nothing_is_written_when_nothing_is_new(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = data(&link(&app.server(), &link_with(&json!({}))).await);
    let before = app.contents().await;
    app.advance(60);
    assert_eq!(data(&link(&app.server(), &link_with(&json!({}))).await), first);
    assert_eq!(
        data(&link(&app.server(), &link_with(&json!({ "metadata": null }))).await),
        first
    );
    assert_eq!(app.contents().await, before);
}

async fn a_suspended_user_is_not_linked(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    suspend(&app, &ada).await;
    let before = app.contents().await;
    let message = format!(
        "User with ID {ada} is suspended. Let it in again (`aboard users resume {ada} --environment sandbox`), then link it."
    );
    assert_refused(
        &link(&app.server(), &person("ada")).await,
        Code::Conflict,
        &message,
        None,
    );
    assert_eq!(app.contents().await, before);
}

async fn suspend(app: &TestApp, user: &str) {
    let store = &app.instance().store;
    let (environment, id) = (app.sandbox.environment.id, user.parse().unwrap());
    assert!(
        store
            .set_suspended(&app.admin(), environment, id, true, app.now())
            .await
            .unwrap()
    );
}

async fn twenty_links_at_once_make_one_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let server = app.server();
    let ids = race(20, |number| {
        let server = server.clone();
        async move {
            let mut body = person("ada");
            body["metadata"] = json!({ number.to_string(): number });
            linked(&server, &body).await
        }
    })
    .await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((app.count("users").await, app.count("identities").await), (1, 2));
    let shown = data(&app.server().get(&format!("/v1/users/{}", ids[0])).await);
    // No merge was lost.
    assert_eq!(shown["metadata"].as_object().unwrap().len(), 20);
    assert_eq!(app.count("events where type like 'user.%'").await, 20);
}

async fn linking_and_deleting_at_once_leaves_a_living_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    for round in 0..5 {
        let body = person(&format!("ada{round}"));
        let first = linked(&app.server(), &body).await;
        let (server, path) = (app.server(), format!("/v1/users/{first}"));
        let answers = race(6, |number| {
            let (server, path, mut body) = (server.clone(), path.clone(), body.clone());
            async move {
                if number == 0 {
                    return server.call("DELETE", &path).send().await;
                }
                body["metadata"] = json!({ number.to_string(): number });
                link(&server, &body).await
            }
        })
        .await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        assert_eq!(app.server().get(&path).await.status, 404);
        let erased: aboard::domain::UserId = first.parse().unwrap();
        let left = format!("identities where user_id = {}", app.literal(erased.0));
        assert_eq!(app.count(&left).await, 0);
        // Whoever came after the deletion brought one new user.
        let now = linked(&app.server(), &body).await;
        assert_ne!(now, first);
        assert_eq!(linked(&app.server(), &body).await, now);
    }
}

async fn each_environment_has_its_own_users(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut ids = Vec::new();
    for plane in [&app.sandbox, &app.production, &app.stranger] {
        let server = app.anonymous().with("authorization", &plane.server_key);
        ids.push(linked(&server, &person("ada")).await);
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
}

async fn the_token_is_shown_to_keys_that_may_see_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let environment = &app.sandbox.environment;
    let key = admin::create_key(
        app.instance(),
        environment,
        KeyKind::Server,
        environment.id.0,
        "reader",
        Allowed::to(&[KeyScope::Users]),
    )
    .await
    .unwrap();
    let reader = app.anonymous().with("authorization", &key.secret);
    let seen = data(&link(&app.server(), &person("ada")).await);
    let unseen = data(&link(&reader, &person("ada")).await);
    assert_eq!(
        (&unseen["waffy_token"], &unseen["user_id"]),
        (&Value::Null, &seen["user_id"])
    );
    let path = format!("/v1/users/{}", seen["user_id"].as_str().unwrap());
    assert_eq!(data(&reader.get(&path).await)["waffy_token"], Value::Null);
    assert_eq!(data(&app.server().get(&path).await)["waffy_token"], seen["waffy_token"]);
    // Nothing in the database holds it.
    let token = seen["waffy_token"].as_str().unwrap();
    assert!(!app.contents().await.concat().contains(token));
}

async fn bad_fields_are_named_and_nothing_is_written(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let phone = "Invalid phone format: send E.164, a + and 7 to 15 digits, like +306912345678.";
    let name = "Send a name of 1 to 200 characters on one line.";
    let many: Value = (0..51)
        .map(|n| (n.to_string(), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (field, sent, message, value) in [
        (
            "email",
            json!("invalid-email"),
            "Invalid email format",
            Some(json!("invalid-email")),
        ),
        ("email", json!(null), "email is required.", None),
        ("email", json!(7), "email must be a text.", None),
        ("phone", json!("1234567890"), phone, Some(json!("1234567890"))),
        ("phone", json!(null), "phone is required.", None),
        ("name", json!("  "), name, Some(json!("  "))),
        ("name", json!("a\nb"), name, Some(json!("a\nb"))),
        ("name", json!("x".repeat(201)), name, Some(json!("x".repeat(201)))),
        ("name", json!(null), "name is required.", None),
        ("metadata", json!([]), "metadata must be an object.", None),
        ("metadata", json!("a"), "metadata must be an object.", Some(json!("a"))),
        (
            "metadata",
            many,
            "metadata may hold at most 50 keys; remove some by sending null for them.",
            None,
        ),
        (
            "metadata",
            json!({ "a": "x".repeat(16 * 1024) }),
            "metadata may be at most 16384 bytes of JSON; keep large values elsewhere.",
            None,
        ),
        (
            "external_id",
            json!(""),
            "Send your own id of the user, 1 to 255 characters, or leave it out.",
            Some(json!("")),
        ),
        (
            "phone_proven",
            json!("yes"),
            "phone_proven must be true or false.",
            Some(json!("yes")),
        ),
    ] {
        let answer = link(&app.server(), &link_with(&json!({ field: sent }))).await;
        let mut details = json!({ "field": field });
        if let Some(value) = value {
            details["value"] = value;
        }
        assert_refused(&answer, Code::Validation, message, Some(details));
    }
    assert_eq!(app.contents().await, before);
}

async fn who_may_not_call_is_told_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    for caller in [
        app.anonymous(),
        app.partner().clone(),
        app.anonymous().with(
            "authorization",
            &format!("Bearer {}", app.sandbox.partner.created.partner_key),
        ),
    ] {
        let answer = link(&caller, &person("ada")).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (401, &json!("UNAUTHORIZED"))
        );
    }
    let get = app.server().get("/v1/users/link").await;
    assert_eq!(
        (get.status, &get.json()["error"]["code"]),
        (405, &json!("METHOD_NOT_ALLOWED"))
    );
}
