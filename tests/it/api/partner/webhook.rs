//! The webhook on creation, from the call to the partner's own back end and back.

use std::time::Duration;

use aboard::clock::Clock;
use aboard::domain::Code;
use aboard_fakes::{Answer, Receiver, Request};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::app::{Engine, Setup, TestApp, login_url, on_both, plain_refusal, user_with};
use crate::support::node::node;

on_both! {
    the_delivered_key_logs_the_user_in,
    the_signatures_are_those_of_the_contract,
    a_given_up_delivery_revokes_its_key_and_another_can_be_had,
    every_attempt_is_the_same_event,
    a_known_user_is_not_told_again,
    a_receiver_that_sends_the_key_back_has_it_kept_nowhere,
}

async fn delivering(engine: Engine, settings: &[(&str, &str)]) -> (TestApp, Receiver) {
    let setup = Setup {
        settings,
        delivers: true,
        // The verifier compares the time with its own clock.
        starts_at: Some(Clock::System.now()),
        ..Setup::default()
    };
    let receiver = Receiver::start().await.expect("a free port");
    (TestApp::set_up(engine, setup).await, receiver)
}

/// Waits until the one delivery has made so many attempts and their results are written down.
async fn attempts(app: &TestApp, receiver: &Receiver, attempts: usize) -> Vec<Request> {
    let requests = receiver.wait_for(attempts).await;
    assert_eq!(requests.len(), attempts);
    let written = async { while app.count(&format!("deliveries where attempts = {attempts}")).await != 1 {} };
    timeout(Duration::from_secs(20), written)
        .await
        .expect("the result is written down in time");
    requests
}

async fn create(app: &TestApp, id: &str, endpoint: &str) {
    let body = user_with(id, &json!({ "webhook_endpoint": endpoint }));
    login_url(&app.partner().post("/api/v1/external_login", &body).await);
}

/// The body of a webhook, which has exactly three keys.
#[track_caller]
fn body(request: &Request, partner_user_id: &str) -> (String, String) {
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let text = |name: &str| {
        body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {body}"))
            .to_owned()
    };
    let (id, key) = (text("wrapp_user_id"), text("api_key"));
    assert_eq!(
        body,
        json!({ "wrapp_user_id": id, "partner_user_id": partner_user_id, "api_key": key })
    );
    assert!(id.starts_with("wrp_") && key.starts_with("abu_test_"), "{body}");
    (id, key)
}

async fn log_in(app: &TestApp, api_key: &str, companion: (&str, &str)) -> (u16, Value) {
    let body = json!({ "api_key": api_key, (companion.0): companion.1 });
    let answer = app.anonymous().post("/api/v1/login", &body).await;
    (answer.status, answer.json())
}

async fn the_delivered_key_logs_the_user_in(engine: Engine) {
    let (app, receiver) = delivering(engine, &[]).await;
    create(&app, "abc123", &receiver.url("/webhook?x=1")).await;
    let told = &attempts(&app, &receiver, 1).await[0];
    assert_eq!((&*told.method, &*told.path), ("POST", "/webhook?x=1"));
    assert_eq!(told.header("content-type"), Some("application/json"));
    let (id, api_key) = body(told, "abc123");

    let (status, login) = log_in(&app, &api_key, ("email", "abc123@example.com")).await;
    let jwt = login["data"]["attributes"]["jwt"].as_str().expect("a token");
    assert_eq!(status, 200);
    assert_eq!(log_in(&app, &api_key, ("wrapp_user_id", &id)).await.0, 200);
    let bearer = app.anonymous().with("authorization", &format!("Bearer {jwt}"));
    let details = bearer.get("/api/v1/tenant_details").await.json();
    assert_eq!(
        (&details["wrapp_user_id"], &details["email"]),
        (&json!(id), &json!("abc123@example.com"))
    );

    // The key was shown here once: the sealed body is gone, and what is left does not hold the key.
    assert_eq!(
        app.count("deliveries where state = 'delivered' and sealed_body is null and body is null")
            .await,
        1
    );
    assert_eq!(app.count("jobs").await, 0);
    assert!(
        !app.contents().await.join("\n").contains(&api_key),
        "the key is stored as it is"
    );
}

async fn the_signatures_are_those_of_the_contract(engine: Engine) {
    let (app, receiver) = delivering(engine, &[]).await;
    create(&app, "ada", &receiver.url("/")).await;
    let told = attempts(&app, &receiver, 1).await.remove(0);
    let header = |name: &str| {
        told.header(name)
            .unwrap_or_else(|| panic!("{name}: {told:?}"))
            .to_owned()
    };
    assert!(header("webhook-id").starts_with("evt_"), "{told:?}");
    assert_eq!(header("webhook-timestamp"), app.now().as_second().to_string());
    let secret = app.sandbox.partner.created.webhook_secret.clone();
    let hex = aboard_vault::hmac_sha256(secret.as_bytes(), &[&told.body]).map(|byte| format!("{byte:02x}"));
    assert_eq!(header("x-webhook-secret"), hex.concat());

    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value = names
        .iter()
        .map(|name| ((*name).to_owned(), json!(header(name))))
        .collect();
    let text = String::from_utf8(told.body.to_vec()).expect("UTF-8");
    let good = json!({ "secret": secret, "headers": headers, "body": text });
    assert_eq!(verify(&good), Ok("ok\n".to_owned()));
    for (name, wrong) in [
        ("secret", json!(app.sandbox.rival.created.webhook_secret)),
        ("body", json!(format!("{text} "))),
    ] {
        let mut forged = good.clone();
        forged[name] = wrong;
        assert!(
            verify(&forged).is_err_and(|said| said.contains("WebhookVerificationError")),
            "{name}"
        );
    }
}

/// What the partner's own library says.
fn verify(job: &Value) -> Result<String, String> {
    node("verify-webhook.mjs", job)
}

async fn a_given_up_delivery_revokes_its_key_and_another_can_be_had(engine: Engine) {
    let (app, receiver) = delivering(engine, &[("webhooks.retry_schedule", "5s")]).await;
    receiver.fail_next(2, 500);
    create(&app, "ada", &receiver.url("/")).await;
    let (id, api_key) = body(&attempts(&app, &receiver, 1).await[0], "ada");
    // The receiver has seen the key, so it works as long as the delivery is pending.
    assert_eq!(log_in(&app, &api_key, ("wrapp_user_id", &id)).await.0, 200);
    // A pause has some jitter.
    app.advance(60);
    attempts(&app, &receiver, 2).await;
    assert_eq!(
        app.count("deliveries where state = 'given_up' and sealed_body is null")
            .await,
        1
    );
    assert_eq!(app.count("user_keys where revoked_at is not null").await, 1);
    assert_eq!(
        log_in(&app, &api_key, ("wrapp_user_id", &id)).await,
        plain_refusal(Code::NotValidUser)
    );

    let issued = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await.json();
    assert_eq!(issued["wrapp_user_id"], json!(id));
    let another = issued["api_key"].as_str().expect("a key");
    assert_eq!(log_in(&app, another, ("wrapp_user_id", &id)).await.0, 200);
    assert_eq!(log_in(&app, &api_key, ("wrapp_user_id", &id)).await.0, 401);
}

async fn every_attempt_is_the_same_event(engine: Engine) {
    let (app, receiver) = delivering(engine, &[("webhooks.retry_schedule", "5s,5s")]).await;
    receiver.fail_next(2, 503);
    create(&app, "ada", &receiver.url("/")).await;
    for made in 1..=2 {
        attempts(&app, &receiver, made).await;
        app.advance(60);
    }
    let requests = attempts(&app, &receiver, 3).await;
    for again in &requests[1..] {
        assert_eq!(
            (again.header("webhook-id"), &again.body),
            (requests[0].header("webhook-id"), &requests[0].body)
        );
        assert_ne!(
            again.header("webhook-timestamp"),
            requests[0].header("webhook-timestamp")
        );
        assert_eq!(again.header("x-webhook-secret"), requests[0].header("x-webhook-secret"));
    }
    let (id, api_key) = body(&requests[2], "ada");
    assert_eq!(log_in(&app, &api_key, ("wrapp_user_id", &id)).await.0, 200);
}

async fn a_known_user_is_not_told_again(engine: Engine) {
    let (app, receiver) = delivering(engine, &[]).await;
    for _ in 0..3 {
        create(&app, "ada", &receiver.url("/")).await;
        attempts(&app, &receiver, 1).await;
    }
    assert_eq!((app.count("deliveries").await, app.count("user_keys").await), (1, 1));
}

async fn a_receiver_that_sends_the_key_back_has_it_kept_nowhere(engine: Engine) {
    let (app, receiver) = delivering(engine, &[("webhooks.retry_schedule", "5s")]).await;
    receiver.reply_with(|request| {
        let echo = Answer {
            body: request.body.clone(),
            ..Answer::new(500)
        };
        echo.into()
    });
    create(&app, "ada", &receiver.url("/")).await;
    let (_, api_key) = body(&attempts(&app, &receiver, 1).await[0], "ada");
    app.advance(60);
    attempts(&app, &receiver, 2).await;
    assert_eq!(app.count("delivery_attempts where status = 500").await, 2);
    let hex = api_key
        .bytes()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let kept = app.rows("select * from delivery_attempts").await.join("\n");
    assert!(
        !kept.contains(&api_key) && !kept.contains(&hex),
        "the key came back and stayed: {kept}"
    );
    assert_eq!(app.count("delivery_attempts where answer is not null").await, 0);
}
