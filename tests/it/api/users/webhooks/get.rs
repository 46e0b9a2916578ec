//! `GET /v1/webhooks/{webhook_id}`, and whose it is.

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, hook};

on_both! {
    nobody_else_reaches_a_webhook,
}

const URL: &str = "https://example.com/hooks";

async fn nobody_else_reaches_a_webhook(engine: Engine) {
    let app = TestApp::start(engine).await;
    let hook = hook(&app, URL, &["*"]).await;
    let path = format!("/v1/webhooks/{}", hook.id);
    for key in [&app.production.server_key, &app.stranger.server_key] {
        let other = app.anonymous().with("authorization", key);
        assert_eq!(other.get(&path).await.status, 404);
        assert_eq!(other.call("DELETE", &path).send().await.status, 404);
        assert_eq!(
            other
                .call("PUT", &path)
                .json(&json!({ "enabled": false }))
                .send()
                .await
                .status,
            404
        );
        assert_eq!(other.get(&format!("{path}/deliveries")).await.status, 404);
        for what in ["test", "replay", "rotate_secret"] {
            let body = json!({ "missing_since": "2020-01-01T00:00:00Z" });
            assert_eq!(other.post(&format!("{path}/{what}"), &body).await.status, 404, "{what}");
        }
        assert_eq!(data_of(200, &other.get("/v1/webhooks").await), json!([]));
    }
    assert_eq!(hook.get(&app).await["status"], json!("active"));
}
