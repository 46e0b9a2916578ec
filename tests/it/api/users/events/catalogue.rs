//! Every kind of event stands in the reference, and what is written is what stands there.

use aboard::domain::EventType;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, happen, text};
use crate::support::reference::{documents, validator};

on_both! {
    what_happens_is_what_the_reference_says,
}

#[test]
fn every_kind_is_described_with_an_example_that_fits() {
    let documents = documents("https://id.example.com");
    let users = documents
        .iter()
        .find(|document| document.name == "users")
        .expect("it is there");
    let hooks = users.json["webhooks"].as_object().expect("webhooks");
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(hooks.keys().map(String::as_str).collect::<Vec<_>>(), names);
    for (name, hook) in hooks {
        let content = &hook["post"]["requestBody"]["content"]["application/json"];
        let judge = validator(users, &content["schema"], true);
        let example = &content["examples"]["usual"]["value"];
        assert!(
            judge.validate(example).is_ok(),
            "{name}: {:?}",
            judge.validate(example).err()
        );
    }
    assert!(
        documents
            .iter()
            .filter(|document| document.name != "users")
            .all(|one| one.json.get("webhooks").is_none())
    );
}

async fn what_happens_is_what_the_reference_says(engine: Engine) {
    let app = TestApp::start(engine).await;
    // As much as can happen in a few calls.
    let user = happen(&app, "ada").await;
    let path = format!("/v1/users/{user}");
    app.server()
        .call("PUT", &path)
        .json(&json!({ "name": "New" }))
        .send()
        .await;
    app.server().call("DELETE", &path).send().await;
    happen(&app, "bob").await;
    let browser = app.signed_in("grace").await;
    app.user(&browser).await;
    browser.submit("/account/logout_everywhere", "").await;
    let plane = &app.sandbox.environment;
    let key = aboard::admin::create_server_key(app.instance(), plane, "second")
        .await
        .expect("made");
    app.instance()
        .store
        .revoke_key(&app.admin(), key.key, app.now())
        .await
        .expect("revoked");
    let documents = documents("https://id.example.com");
    let users = documents
        .iter()
        .find(|document| document.name == "users")
        .expect("it is there");
    app.settled().await;
    let events = data_of(200, &app.server().get("/v1/events?limit=100").await);
    let events = events.as_array().expect("a list");
    assert!(events.len() >= 8, "{events:?}");
    for event in events {
        let kind = text(event, "type");
        let schema = &users.json["webhooks"][&kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let mut body: Value = event.clone();
        body.as_object_mut().expect("an object").remove("event_id");
        let judge = validator(users, schema, true);
        assert!(
            judge.validate(&body).is_ok(),
            "{event}: {:?}",
            judge.validate(&body).err()
        );
    }
}
