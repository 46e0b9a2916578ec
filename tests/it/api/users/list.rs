//! `GET /v1/users`.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::users::{assert_refused, data, linked, person};

on_both! {
    users_come_newest_first_and_page_by_page,
    filters_find_owners_and_those_one_brought,
    a_partners_unproven_word_is_not_found,
    an_external_id_is_a_partners_or_ones_own,
    filters_that_are_sent_together_all_have_to_fit,
    each_environment_lists_its_own,
    a_bad_parameter_is_named,
}

async fn ids(app: &TestApp, query: &str) -> Vec<String> {
    let found = data(&app.server().get(&format!("/v1/users{query}")).await);
    let id = |user: &Value| user["user_id"].as_str().unwrap().to_owned();
    found.as_array().unwrap().iter().map(id).collect()
}

async fn users_come_newest_first_and_page_by_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    assert_eq!(data(&app.server().get("/v1/users").await), json!([]));
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(linked(&app.server(), &person(&format!("p{number}"))).await);
    }
    made.push(app.user(&app.signed_in("ada").await).await.to_string());
    made.reverse();
    assert_eq!(ids(&app, "").await, made);
    let one = data(&app.server().get(&format!("/v1/users/{}", made[1])).await);
    assert_eq!(data(&app.server().get("/v1/users").await)[1], one);

    let (mut seen, mut after) = (Vec::new(), String::new());
    for page in 0..3 {
        let answer = app.server().get(&format!("/v1/users?limit=2{after}")).await;
        let found = data(&answer);
        seen.extend(found.as_array().unwrap().iter().map(|user| user["user_id"].clone()));
        let meta = answer.json()["meta"].clone();
        assert_eq!(meta["has_more"], page < 2);
        match meta["next_cursor"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => assert!(page == 2 && meta["next_cursor"].is_null()),
        }
    }
    assert_eq!(json!(seen), json!(made));
    // A deleted user is on no page, and still says where the next one begins.
    let path = format!("/v1/users/{}", made[1]);
    assert_eq!(app.server().call("DELETE", &path).send().await.status, 200);
    assert_eq!(ids(&app, &format!("?after={}", made[1])).await, made[2..]);
    assert_eq!(ids(&app, "").await.len(), 5);
}

async fn filters_find_owners_and_those_one_brought(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let bob = linked(&app.server(), &person("bob")).await;
    assert_eq!(ids(&app, "?email=ADA@example.com").await, [ada.as_str()]);
    app.prove(&bob, "email", "ada@example.com").await;
    assert_eq!(ids(&app, "?email=ada@example.com").await, [bob.as_str(), ada.as_str()]);
    // A plus is a space unless it is escaped; both are understood.
    for phone in ["%2B1234567890", "+1234567890"] {
        assert_eq!(
            ids(&app, &format!("?phone={phone}")).await,
            [bob.as_str(), ada.as_str()]
        );
    }
    assert_eq!(ids(&app, "?phone=%2B1987654321").await, [""; 0]);
    assert_eq!(
        ids(&app, &format!("?phone=%2B1234567890&limit=1&after={bob}")).await,
        [ada.as_str()]
    );
    let answer = app.server().get("/v1/users?phone=%2B1234567890&limit=1").await;
    assert_eq!(answer.json()["meta"]["next_cursor"], json!(bob), "{answer:?}");
}

async fn a_partners_unproven_word_is_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = app.user(&app.signed_in("ada").await).await.to_string();
    assert_eq!(ids(&app, "?email=ada@example.com").await, [""; 0]);
    app.prove(&id, "email", "ada@example.com").await;
    assert_eq!(ids(&app, "?email=ada@example.com").await, [id]);
}

async fn an_external_id_is_a_partners_or_ones_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let theirs = app.user(&app.signed_in("x-1").await).await.to_string();
    let mut body = person("ada");
    body["external_id"] = json!("x-1");
    let own = linked(&app.server(), &body).await;
    assert_eq!(ids(&app, "?external_id=x-1").await, [own.as_str(), theirs.as_str()]);
    assert_eq!(ids(&app, "?external_id=x-2").await, [""; 0]);
}

async fn filters_that_are_sent_together_all_have_to_fit(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = person("ada");
    body["external_id"] = json!("x-1");
    let ada = linked(&app.server(), &body).await;
    linked(&app.server(), &person("bob")).await;
    let all = "?email=ada@example.com&phone=%2B1234567890&external_id=x-1";
    assert_eq!(ids(&app, all).await, [ada]);
    assert_eq!(ids(&app, "?email=bob@example.com&external_id=x-1").await, [""; 0]);
}

async fn each_environment_lists_its_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = person("ada");
    body["external_id"] = json!("x-1");
    linked(&app.server(), &body).await;
    app.signed_in("x-1").await;
    for plane in [&app.production, &app.stranger] {
        let server = app.anonymous().with("authorization", &plane.server_key);
        for query in ["", "?email=ada@example.com", "?phone=%2B1234567890", "?external_id=x-1"] {
            assert_eq!(
                data(&server.get(&format!("/v1/users{query}")).await),
                json!([]),
                "{query}"
            );
        }
    }
}

async fn a_bad_parameter_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (query, field, value, message) in [
        ("limit=0", "limit", "0", "Send a limit of 1 to 100."),
        ("limit=101", "limit", "101", "Send a limit of 1 to 100."),
        ("limit=ten", "limit", "ten", "Send a limit of 1 to 100."),
        ("email=invalid-email", "email", "invalid-email", "Invalid email format"),
        (
            "after=x",
            "after",
            "x",
            "Send the next_cursor of the page before, or a user's id.",
        ),
        (
            "phone=123",
            "phone",
            "123",
            "Invalid phone format: send E.164, a + and 7 to 15 digits, like +306912345678.",
        ),
        (
            "external_id=",
            "external_id",
            "",
            "Send your own id of the user, 1 to 255 characters.",
        ),
    ] {
        let answer = app.server().get(&format!("/v1/users?{query}")).await;
        let details = json!({ "field": field, "value": value });
        assert_refused(&answer, Code::Validation, message, Some(details));
    }
    let twice = app.server().get("/v1/users?limit=1&limit=2").await;
    let message = "limit stands in the query twice; send it once.";
    assert_refused(&twice, Code::Validation, message, Some(json!({ "field": "limit" })));
    assert_eq!(app.server().get("/v1/users?external_id=%00").await.status, 400);
}
