//! `POST /v1/webhooks/{webhook_id}/replay`

use aboard_fakes::Receiver;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{body, data_of, deliver, happen, hook, text, types};

on_both! {
    a_range_is_told_again_with_the_same_ids,
    one_event_is_told_again,
    what_cannot_be_replayed_is_refused,
}

async fn a_range_is_told_again_with_the_same_ids(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["user.linked"]).await;
    let mut times = Vec::new();
    for name in ["a", "b", "c", "d"] {
        app.advance(60);
        times.push(app.now());
        happen(&app, name).await;
    }
    deliver(&app).await;
    assert_eq!(receiver.requests().len(), 4);
    let until = times[2] + jiff::SignedDuration::from_secs(30);
    let range = json!({ "from": times[1].to_string(), "until": until.to_string() });
    let begun = data_of(202, &hook.post(&app, "replay", &range).await);
    assert!(text(&begun, "replay_id").starts_with("rpl_"));
    deliver(&app).await;
    let requests = receiver.requests();
    let mut emails: Vec<_> = requests[4..]
        .iter()
        .map(|one| text(&body(one)["data"], "email"))
        .collect();
    emails.sort();
    assert_eq!(emails, ["b@example.com", "c@example.com"]);
    for again in &requests[4..] {
        assert!(
            requests[..4]
                .iter()
                .any(|first| first.header("webhook-id") == again.header("webhook-id"))
        );
    }
    assert_eq!(app.count("webhook_replays").await, 0);
}

async fn one_event_is_told_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["login.*"]).await;
    happen(&app, "ada").await;
    deliver(&app).await;
    assert!(receiver.requests().is_empty());
    app.settled().await;
    let listed = data_of(200, &app.server().get("/v1/events?types=user.linked").await);
    let event = &listed[0]["event_id"];
    let again = || {
        let call = app.server().call("POST", &format!("/v1/webhooks/{}/replay", hook.id));
        call.header("idempotency-key", "once")
            .json(&json!({ "event_id": event }))
            .send()
    };
    let first = data_of(202, &again().await);
    assert_eq!(data_of(202, &again().await), first);
    deliver(&app).await;
    assert_eq!(types(&receiver), ["user.linked"]);
    assert_eq!(receiver.requests()[0].header("webhook-id"), event.as_str());
}

async fn what_cannot_be_replayed_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let hook = hook(&app, "https://example.com/", &["user.*"]).await;
    let unknown = json!({ "event_id": "evt_00000000000000000000000001" });
    assert_eq!(hook.post(&app, "replay", &unknown).await.status, 404);
    for wrong in [
        json!({}),
        json!({ "from": "yesterday" }),
        json!({ "until": "2026-01-01T00:00:00Z" }),
        json!({ "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" }),
        json!({ "from": "2026-01-02T00:00:00Z", "missing_since": "2026-01-01T00:00:00Z" }),
        json!({ "event_id": "usr_1" }),
    ] {
        let answer = hook.post(&app, "replay", &wrong).await;
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
    }
}
