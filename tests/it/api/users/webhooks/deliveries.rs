//! `GET /v1/webhooks/{webhook_id}/deliveries`.

use aboard_fakes::{Answer, Receiver};
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, deliver, happen, hook, text};

on_both! {
    deliveries_are_listed_newest_first_and_by_state,
}

async fn deliveries_are_listed_newest_first_and_by_state(engine: Engine) {
    let app = TestApp::with(engine, &[("webhooks.retry_schedule", "5s")]).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    happen(&app, "fine").await;
    deliver(&app).await;
    receiver.reply_with(|_| Answer::new(500).into());
    happen(&app, "bad").await;
    deliver(&app).await;
    let listed = hook.deliveries(&app).await;
    let states: Vec<_> = listed.iter().map(|one| text(one, "status")).collect();
    assert_eq!(states, ["pending", "delivered"]);
    assert!(listed[0]["next_attempt_at"].is_string() && listed[0]["finished_at"].is_null());
    let path = format!("/v1/webhooks/{}/deliveries", hook.id);
    let delivered = data_of(200, &app.server().get(&format!("{path}?status=delivered")).await);
    assert_eq!(delivered, json!([listed[1]]));
    let first = app.server().get(&format!("{path}?limit=1")).await;
    assert_eq!(data_of(200, &first), json!([listed[0]]));
    let next = text(&first.json()["meta"], "next_cursor");
    let second = app.server().get(&format!("{path}?limit=1&after={next}")).await;
    assert_eq!(data_of(200, &second), json!([listed[1]]));
    assert_eq!(app.server().get(&format!("{path}?status=lost")).await.status, 400);
}
