//! Webhooks of the organization's back end, and what their receivers see.

use aboard::domain::webhook::WebhookSecret;
use aboard_fakes::{Receiver, Request};
use serde_json::{Value, json};

use super::app::TestApp;
use super::client::{Answer, Client};
use super::users::{linked, person};

/// A webhook and its secret.
pub struct Hook {
    pub id: String,
    pub secret: WebhookSecret,
}

/// The data of an answer with this status.
#[track_caller]
pub fn data_of(status: u16, answer: &Answer) -> Value {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.json()["success"], json!(true));
    answer.json()["data"].clone()
}

/// Makes a webhook in the sandbox.
pub async fn hook(app: &TestApp, url: &str, events: &[&str]) -> Hook {
    app.settled().await;
    hook_with(&app.server(), &json!({ "url": url, "events": events })).await
}

/// Makes a webhook.
pub async fn hook_with(client: &Client, body: &Value) -> Hook {
    let made = data_of(201, &client.post("/v1/webhooks", body).await);
    Hook {
        id: text(&made, "webhook_id"),
        secret: secret_of(&made),
    }
}

pub fn secret_of(made: &Value) -> WebhookSecret {
    WebhookSecret::parse(made["secret"].as_str().expect("a secret")).expect("a good one")
}

pub fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name}: {value}"))
        .to_owned()
}

impl Hook {
    pub async fn get(&self, app: &TestApp) -> Value {
        data_of(200, &app.server().get(&format!("/v1/webhooks/{}", self.id)).await)
    }

    pub async fn update(&self, app: &TestApp, body: &Value) -> Value {
        let call = app
            .server()
            .call("PUT", &format!("/v1/webhooks/{}", self.id))
            .json(body);
        data_of(200, &call.send().await)
    }

    pub async fn post(&self, app: &TestApp, what: &str, body: &Value) -> Answer {
        app.server()
            .post(&format!("/v1/webhooks/{}/{what}", self.id), body)
            .await
    }

    /// Its deliveries, the newest first.
    pub async fn deliveries(&self, app: &TestApp) -> Vec<Value> {
        let answer = app.server().get(&format!("/v1/webhooks/{}/deliveries", self.id)).await;
        data_of(200, &answer).as_array().expect("a list").clone()
    }

    /// One delivery with its attempts.
    pub async fn delivery(&self, app: &TestApp, id: &str) -> Value {
        let path = format!("/v1/webhooks/{}/deliveries/{id}", self.id);
        data_of(200, &app.server().get(&path).await)
    }
}

/// Brings a user, which is `user.linked`.
pub async fn happen(app: &TestApp, name: &str) -> String {
    let user = linked(&app.server(), &person(name)).await;
    app.settled().await;
    user
}

/// Everything that is due is sent.
pub async fn deliver(app: &TestApp) {
    app.settled().await;
    app.app.webhooks.run_due().await;
}

/// The types of what a receiver got, in order.
pub fn types(receiver: &Receiver) -> Vec<String> {
    receiver
        .requests()
        .iter()
        .map(|request| text(&body(request), "type"))
        .collect()
}

/// The JSON of a request.
#[track_caller]
pub fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

/// The signatures of a request: v1, v1a, and so on.
pub fn signatures(request: &Request) -> Vec<String> {
    let header = request.header("webhook-signature").unwrap_or_default();
    header.split(' ').map(str::to_owned).collect()
}

/// What a secret signs of a request.
pub fn signed_by(secret: &WebhookSecret, request: &Request) -> String {
    let id = request.header("webhook-id").unwrap_or_default();
    let seconds = request.header("webhook-timestamp").unwrap_or_default();
    secret.sign(id, seconds.parse().expect("seconds"), &request.body)
}
