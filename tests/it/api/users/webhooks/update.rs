//! `PUT /v1/webhooks/{webhook_id}`.

use aboard_fakes::{Answer, Receiver};
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{deliver, happen, hook, types};

on_both! {
    what_is_absent_stays,
    one_that_is_off_is_told_of_nothing_and_begins_anew,
    a_new_address_takes_what_is_on_its_way,
}

async fn what_is_absent_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let hook = hook(&app, "https://example.com/", &["user.*"]).await;
    let before = hook.get(&app).await;
    let changed = hook
        .update(&app, &json!({ "per_second": 5, "description": "New" }))
        .await;
    assert_eq!(
        (&changed["per_second"], &changed["description"]),
        (&json!(5), &json!("New"))
    );
    for same in ["url", "events", "status", "metadata", "created_at"] {
        assert_eq!(changed[same], before[same], "{same}");
    }
    let cleared = hook.update(&app, &json!({ "per_second": 0, "description": "" })).await;
    assert!(
        cleared["per_second"].is_null() && cleared["description"].is_null(),
        "{cleared}"
    );
    assert_eq!(app.count("audit where action = 'webhook.updated'").await, 2);
}

async fn one_that_is_off_is_told_of_nothing_and_begins_anew(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    let off = hook.update(&app, &json!({ "enabled": false })).await;
    assert_eq!(
        (&off["status"], &off["disabled_reason"]),
        (&json!("disabled"), &json!("by_you"))
    );
    happen(&app, "ada").await;
    deliver(&app).await;
    assert!(types(&receiver).is_empty());
    let on = hook.update(&app, &json!({ "enabled": true })).await;
    assert_eq!(
        (&on["status"], &on["disabled_reason"]),
        (&json!("active"), &json!(null))
    );
    deliver(&app).await;
    assert!(types(&receiver).is_empty(), "what it missed it has to ask for");
    happen(&app, "bob").await;
    deliver(&app).await;
    assert_eq!(types(&receiver).len(), 1);
}

async fn a_new_address_takes_what_is_on_its_way(engine: Engine) {
    let app = TestApp::start(engine).await;
    let [old, new] = [
        Receiver::start().await.expect("a port"),
        Receiver::start().await.expect("a port"),
    ];
    old.reply_with(|_| Answer::new(500).into());
    let hook = hook(&app, &old.url("/"), &["user.*"]).await;
    happen(&app, "ada").await;
    deliver(&app).await;
    hook.update(&app, &json!({ "url": new.url("/") })).await;
    app.advance(10);
    deliver(&app).await;
    assert_eq!((old.requests().len(), new.requests().len()), (1, 1));
    assert_eq!(
        old.requests()[0].header("webhook-id"),
        new.requests()[0].header("webhook-id")
    );
}
