//! `DELETE /v1/users/{user_id}/tokens`

use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::client::Answer;
use crate::support::codes::EMAIL;
use crate::support::logins::{Federation, access};
use crate::support::users::{assert_unknown, data};

on_both! {
    every_kind_of_token_ends,
    whoever_logs_in_again_is_in,
    only_a_user_of_the_environment_is_logged_out,
}

async fn log_out(at: &Federation, user: &Value) -> Answer {
    let path = format!("/v1/users/{}/tokens", user.as_str().expect("an id"));
    at.app.server().call("DELETE", &path).send().await
}

/// One token of each way to log in, and whose it is.
async fn tokens(at: &Federation) -> Vec<(&'static str, String)> {
    let (app, shop) = (&at.app, &at.shop);
    let post = async |path: &str, body: Value| access(&shop.post(path, &body).await);
    let credentials = json!({ "username": "ada", "password": "correct horse battery" });
    let federated = json!({ "credential": at.google("1001") });
    let otp = app.log_in(EMAIL, shop).await;
    let user = app.me(&otp).await.json()["data"]["user_id"].clone();
    let made = app
        .server()
        .post(&format!("/v1/users/{}/tokens", user.as_str().unwrap()), &json!({}))
        .await;
    vec![
        ("otp", otp),
        (
            "org",
            made.json()["data"]["token"].as_str().expect("a token").to_owned(),
        ),
        ("password", post("/api/v2/auth/register", credentials).await),
        ("federated", post("/api/v2/auth/google", federated).await),
        (
            "custody",
            post("/api/v2/auth/register-custody", json!({ "subId": "42" })).await,
        ),
    ]
}

async fn every_kind_of_token_ends(engine: Engine) {
    let at = Federation::start(engine).await;
    let tokens = tokens(&at).await;
    let mut users = Vec::new();
    for (kind, token) in &tokens {
        let me = at.app.me(token).await;
        assert_eq!(me.status, 200, "{kind}");
        users.push(me.json()["data"]["user_id"].clone());
    }
    at.app.advance(1);
    for ((kind, token), user) in tokens.iter().zip(&users) {
        let answer = log_out(&at, user).await;
        assert_eq!(data(&answer), json!({ "user_id": user, "logged_out": true }));
        assert_eq!(at.app.me(token).await.status, 401, "{kind}");
        // What is done is done, and said again.
        assert_eq!(log_out(&at, user).await.status, 200);
    }
}

async fn whoever_logs_in_again_is_in(engine: Engine) {
    let at = Federation::start(engine).await;
    let first = at.app.log_in(EMAIL, &at.shop).await;
    let user = at.app.me(&first).await.json()["data"]["user_id"].clone();
    at.app.advance(60);
    log_out(&at, &user).await;
    let again = at.app.log_in(EMAIL, &at.shop).await;
    assert_eq!(at.app.me(&again).await.json()["data"]["user_id"], user);
}

async fn only_a_user_of_the_environment_is_logged_out(engine: Engine) {
    let at = Federation::start(engine).await;
    let token = at.app.log_in(EMAIL, &at.shop).await;
    let user = at.app.me(&token).await.json()["data"]["user_id"].clone();
    at.app.advance(1);
    let path = format!("/v1/users/{}/tokens", user.as_str().unwrap());
    for key in [&at.app.stranger.server_key, &at.app.production.server_key] {
        let server = at.app.anonymous().with("authorization", key);
        assert_unknown(&server.call("DELETE", &path).send().await, user.as_str().unwrap());
    }
    assert_eq!(at.app.me(&token).await.status, 200);
    assert_eq!(log_out(&at, &json!("usr_nobody")).await.status, 404);
}
