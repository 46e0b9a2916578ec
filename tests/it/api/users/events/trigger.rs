//! `POST /v1/events`: an event for a test.

use aboard_fakes::Receiver;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{body, data_of, deliver, hook};

on_both! {
    an_event_for_a_test_goes_where_a_real_one_goes,
    production_has_no_events_for_tests,
}

async fn an_event_for_a_test_goes_where_a_real_one_goes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    hook(&app, &receiver.url("/"), &["user.*"]).await;
    let users = app.count("users").await;
    let trigger = |body: Value| {
        let call = app
            .server()
            .call("POST", "/v1/events")
            .header("idempotency-key", "once");
        async move { call.json(&body).send().await }
    };
    let made = data_of(201, &trigger(json!({ "type": "user.verified" })).await);
    assert_eq!(data_of(201, &trigger(json!({ "type": "user.verified" })).await), made);
    let own = json!({ "type": "user.deleted", "data": { "user_id": "usr_1" } });
    let own = data_of(201, &app.server().post("/v1/events", &own).await);
    deliver(&app).await;
    let mut told: Vec<Value> = receiver.requests().iter().map(body).collect();
    told.sort_by_key(|one| std::cmp::Reverse(one["type"].to_string()));
    assert_eq!(
        (&told[0]["type"], &told[0]["data"]),
        (&json!("user.verified"), &made["data"])
    );
    assert_eq!((told.len(), &told[1]["data"]), (2, &json!({ "user_id": "usr_1" })));
    app.settled().await;
    assert_eq!(
        data_of(200, &app.server().get("/v1/events?types=user.*").await),
        json!([made, own])
    );
    assert_eq!(app.count("users").await, users);
    let wrong = app.server().post("/v1/events", &json!({ "type": "user.verify" })).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("user.verified"), "{wrong:?}");
}

async fn production_has_no_events_for_tests(engine: Engine) {
    let app = TestApp::start(engine).await;
    let live = app.anonymous().with("authorization", &app.production.server_key);
    let refused = live.post("/v1/events", &json!({ "type": "user.created" })).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(data_of(200, &live.get("/v1/events?types=user.*").await), json!([]));
}
