//! `DELETE /v1/webhooks/{webhook_id}`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, hook};

on_both! {
    a_deleted_webhook_is_gone,
}

const URL: &str = "https://example.com/hooks";

async fn a_deleted_webhook_is_gone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let hook = hook(&app, URL, &["*"]).await;
    let secrets = app.count("webhook_secrets").await;
    let path = format!("/v1/webhooks/{}", hook.id);
    let deleted = data_of(200, &app.server().call("DELETE", &path).send().await);
    assert_eq!(deleted, json!({ "webhook_id": hook.id, "deleted": true }));
    assert_eq!(app.server().get(&path).await.status, 404);
    assert_eq!(app.server().call("DELETE", &path).send().await.status, 404);
    assert_eq!(app.count("webhook_secrets").await, secrets - 1);
}
