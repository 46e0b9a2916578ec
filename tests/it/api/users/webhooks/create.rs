//! `POST /v1/webhooks`

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Answer;
use crate::support::hooks::{data_of, text};

on_both! {
    the_answer_is_the_documented_one_and_holds_the_secret_once,
    a_secret_of_ones_own_is_taken,
    a_type_that_does_not_exist_is_refused_with_the_nearest,
    an_address_that_may_not_be_called_is_refused,
    what_breaks_a_rule_is_named,
    a_repeated_call_makes_one_webhook,
}

const URL: &str = "https://example.com/hooks";

async fn the_answer_is_the_documented_one_and_holds_the_secret_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let asked = json!({
        "url": URL, "events": ["user.created", "login.*"], "description": "The shop", "enabled": true,
        "metadata": { "team": "blue" },
    });
    let made = data_of(201, &app.server().post("/v1/webhooks", &asked).await);
    for (name, value) in [
        ("url", json!(URL)),
        ("events", json!(["user.created", "login.*"])),
        ("description", json!("The shop")),
        ("status", json!("active")),
        ("last_delivery", Value::Null),
        ("successful_deliveries", json!(0)),
        ("failed_deliveries", json!(0)),
        ("metadata", json!({ "team": "blue" })),
        ("version", json!("1")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert!(text(&made, "webhook_id").starts_with("wh_"), "{made}");
    let secret = text(&made, "secret");
    assert!(secret.starts_with("whsec_") && text(&made, "public_key").starts_with("whpk_"));

    let shown = app
        .server()
        .get(&format!("/v1/webhooks/{}", text(&made, "webhook_id")))
        .await;
    assert!(!shown.text().contains("whsec_"), "{shown:?}");
    assert_eq!(data_of(200, &shown)["url"], json!(URL));
    let stored = app.contents().await.join("\n");
    assert!(
        !stored.contains(&secret["whsec_".len()..]),
        "the secret is stored as it is"
    );
}

async fn a_secret_of_ones_own_is_taken(engine: Engine) {
    let app = TestApp::start(engine).await;
    let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let asked = json!({ "url": URL, "events": ["*"], "secret": own });
    let made = data_of(201, &app.server().post("/v1/webhooks", &asked).await);
    assert_eq!(made["secret"], json!(own));
}

#[track_caller]
fn assert_refused(answer: &Answer, field: &str) -> String {
    let (status, body) = answer.whole();
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &json!(Code::Validation.slug())),
        "{body}"
    );
    assert_eq!(body["error"]["details"]["field"], json!(field), "{body}");
    text(&body["error"], "message")
}

async fn a_type_that_does_not_exist_is_refused_with_the_nearest(engine: Engine) {
    let app = TestApp::start(engine).await;
    let asked = json!({ "url": URL, "events": ["user.created", "user.udpated"] });
    let answer = app.server().post("/v1/webhooks", &asked).await;
    let said = assert_refused(&answer, "events");
    assert!(said.contains("user.updated"), "{said}");
    assert_eq!(answer.json()["error"]["details"]["value"], json!("user.udpated"));
    assert_eq!(app.count("webhooks").await, 0);
}

async fn an_address_that_may_not_be_called_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    for url in [
        "ftp://example.com/",
        "https://169.254.169.254/latest",
        "https://user:word@example.com/",
        "https://0xa9fea9fe/",
        "https://10.0.0.1/",
    ] {
        let asked = json!({ "url": url, "events": ["*"] });
        assert_refused(&app.server().post("/v1/webhooks", &asked).await, "url");
    }
    let live = app.anonymous().with("authorization", &app.production.server_key);
    let asked = json!({ "url": "http://example.com/", "events": ["*"] });
    assert_refused(&live.post("/v1/webhooks", &asked).await, "url");
}

async fn what_breaks_a_rule_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (field, value) in [
        ("url", Value::Null),
        ("events", Value::Null),
        ("events", json!([])),
        ("events", json!("user.created")),
        ("events", json!([1])),
        ("secret", json!("whsec_short")),
        ("headers", json!({ "Host": "x" })),
        ("headers", json!({ "webhook-id": "x" })),
        ("headers", json!([])),
        ("per_second", json!(1_001)),
        ("per_second", json!(-1)),
        ("per_second", json!("fast")),
        ("version", json!("2")),
        ("description", json!("two\nlines")),
        ("metadata", json!([])),
    ] {
        let mut asked = json!({ "url": URL, "events": ["*"] });
        asked[field] = value.clone();
        let answer = app.server().post("/v1/webhooks", &asked).await;
        assert_refused(&answer, field);
        assert!(!answer.text().contains("whsec_short"), "{answer:?}");
    }
    assert_eq!(app.count("webhooks").await, 0);
}

async fn a_repeated_call_makes_one_webhook(engine: Engine) {
    let app = TestApp::start(engine).await;
    let asked = json!({ "url": URL, "events": ["*"] });
    let again = || {
        app.server()
            .call("POST", "/v1/webhooks")
            .header("idempotency-key", "one")
            .json(&asked)
            .send()
    };
    let made = data_of(201, &again().await);
    let repeated = again().await;
    assert_eq!(repeated.status, 409, "{repeated:?}");
    // The secret is not stored, but what was made is named.
    assert!(repeated.text().contains(&text(&made, "webhook_id")), "{repeated:?}");
    assert_eq!(app.count("webhooks").await, 1);
}
