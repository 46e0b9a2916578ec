//! `GET /v1/events`: the log is pulled.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, happen, text};
use crate::support::users::{link, person};

on_both! {
    events_are_pulled_in_order_with_a_filter,
    a_reader_sees_each_event_once_while_writers_race,
    a_call_that_waits_is_answered_when_something_happens,
    a_cursor_of_another_environment_is_none,
}

async fn events_are_pulled_in_order_with_a_filter(engine: Engine) {
    let app = TestApp::start(engine).await;
    let none_yet = app.server().get("/v1/events?types=user.*").await;
    assert_eq!(data_of(200, &none_yet), json!([]));
    for name in ["a", "b", "c"] {
        let user = happen(&app, name).await;
        app.server()
            .call("PUT", &format!("/v1/users/{user}"))
            .json(&json!({ "name": "New" }))
            .send()
            .await;
    }
    app.settled().await;
    let all = data_of(200, &app.server().get("/v1/events?types=user.*").await);
    let types: Vec<_> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| text(one, "type"))
        .collect();
    assert_eq!(types, ["user.linked", "user.updated"].repeat(3));
    let first = app.server().get("/v1/events?types=user.updated&limit=2").await;
    assert_eq!(data_of(200, &first), json!([all[1], all[3]]));
    assert_eq!(first.json()["meta"]["has_more"], json!(true));
    let next = text(&first.json()["meta"], "next_cursor");
    let second = app
        .server()
        .get(&format!("/v1/events?types=user.updated&after={next}"))
        .await;
    assert_eq!(data_of(200, &second), json!([all[5]]));
    let next = text(&second.json()["meta"], "next_cursor");
    let third = app.server().get(&format!("/v1/events?after={next}")).await;
    assert_eq!(data_of(200, &third), json!([]));
    assert_eq!(text(&third.json()["meta"], "next_cursor"), next);
    for wrong in [
        "types=user.create",
        "types=",
        "limit=0",
        "limit=101",
        "after=usr_1",
        "wait=26",
    ] {
        assert_eq!(
            app.server().get(&format!("/v1/events?{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
}

async fn a_reader_sees_each_event_once_while_writers_race(engine: Engine) {
    const WRITERS: usize = 8;
    const EACH: usize = 20;
    let app = Arc::new(TestApp::start(engine).await);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let app = Arc::clone(&app);
        writers.spawn(async move {
            for number in 0..EACH {
                let linked = link(&app.server(), &person(&format!("w{writer}n{number}"))).await;
                assert_eq!(linked.status, 200, "{linked:?}");
            }
        });
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    let reading = async {
        while seen.len() < WRITERS * EACH {
            let page = app
                .server()
                .get(&format!("/v1/events?types=user.*&limit=7&wait=1{after}"))
                .await;
            for event in data_of(200, &page).as_array().expect("a list") {
                seen.push(text(event, "event_id"));
            }
            if let Some(next) = page.json()["meta"]["next_cursor"].as_str() {
                after = format!("&after={next}");
            }
        }
    };
    timeout(Duration::from_mins(1), reading)
        .await
        .expect("every event comes by");
    while let Some(written) = writers.join_next().await {
        written.expect("no writer failed");
    }
    app.settled().await;
    let rest = app.server().get(&format!("/v1/events?limit=7{after}")).await;
    assert_eq!(data_of(200, &rest), json!([]));
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), WRITERS * EACH, "none twice");
}

async fn a_call_that_waits_is_answered_when_something_happens(engine: Engine) {
    let app = TestApp::start(engine).await;
    happen(&app, "ada").await;
    app.settled().await;
    let known = app.server().get("/v1/events?types=user.*&wait=20").await;
    let after = text(&known.json()["meta"], "next_cursor");
    let server = app.server();
    let path = format!("/v1/events?wait=20&types=user.linked&after={after}");
    let waiting = tokio::spawn(async move { server.get(&path).await });
    happen(&app, "bob").await;
    let answer = timeout(Duration::from_secs(15), waiting)
        .await
        .expect("in time")
        .expect("no panic");
    assert_eq!(data_of(200, &answer)[0]["data"]["email"], json!("bob@example.com"));
}

async fn a_cursor_of_another_environment_is_none(engine: Engine) {
    let app = TestApp::start(engine).await;
    happen(&app, "ada").await;
    let other = app.anonymous().with("authorization", &app.production.server_key);
    link(&other, &person("bob")).await;
    app.settled().await;
    let theirs = text(&other.get("/v1/events").await.json()["meta"], "next_cursor");
    let answer = app.server().get(&format!("/v1/events?after={theirs}")).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(app.server().get(&format!("/v1/events/{theirs}")).await.status, 404);
    assert_eq!(
        data_of(200, &other.get("/v1/events?types=user.*").await)[0]["data"]["email"],
        json!("bob@example.com")
    );
}
