//! `POST /v1/webhooks/{webhook_id}/test`

use aboard_fakes::Receiver;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, deliver, hook, text, types};

on_both! {
    a_test_goes_to_one_webhook_and_stands_in_no_log,
}

async fn a_test_goes_to_one_webhook_and_stands_in_no_log(engine: Engine) {
    let app = TestApp::start(engine).await;
    let [one, other] = [
        Receiver::start().await.expect("a port"),
        Receiver::start().await.expect("a port"),
    ];
    let hook_one = hook(&app, &one.url("/"), &["user.*"]).await;
    hook(&app, &other.url("/"), &["user.*"]).await;
    let sent = data_of(
        202,
        &hook_one.post(&app, "test", &json!({ "type": "login.refused" })).await,
    );
    deliver(&app).await;
    assert_eq!(types(&one), ["login.refused"]);
    assert!(types(&other).is_empty());
    assert_eq!(
        data_of(200, &app.server().get("/v1/events?types=login.*").await),
        json!([])
    );
    let delivery = hook_one.delivery(&app, &text(&sent, "delivery_id")).await;
    assert_eq!(
        (&delivery["status"], &delivery["attempt_log"][0]["response_status"]),
        (&json!("delivered"), &json!(200))
    );
    let wrong = hook_one.post(&app, "test", &json!({ "type": "login.refuse" })).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("login.refused"), "{wrong:?}");
}
