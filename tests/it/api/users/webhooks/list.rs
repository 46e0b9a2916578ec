//! `GET /v1/webhooks`

use serde_json::Value;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Answer;
use crate::support::hooks::{data_of, hook, text};

on_both! {
    webhooks_are_listed_newest_first,
}

const URL: &str = "https://example.com/hooks";

async fn webhooks_are_listed_newest_first(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(hook(&app, URL, &["*"]).await.id);
    }
    made.reverse();
    let page = |query: String| {
        let server = app.server();
        async move { server.get(&format!("/v1/webhooks?{query}")).await }
    };
    let ids = |answer: &Answer| -> Vec<String> {
        let data = data_of(200, answer);
        data.as_array()
            .expect("a list")
            .iter()
            .map(|one| text(one, "webhook_id"))
            .collect()
    };
    let first = page("limit=2".to_owned()).await;
    assert_eq!(ids(&first), made[..2]);
    let next = text(&first.json()["meta"], "next_cursor");
    let second = page(format!("limit=2&after={next}")).await;
    assert_eq!(ids(&second), made[2..]);
    assert_eq!(second.json()["meta"]["next_cursor"], Value::Null);
}
