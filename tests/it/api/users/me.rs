//! `GET /v1/users/me`.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;
use crate::support::users::{data, linked, person};

on_both! {
    a_user_keys_token_shows_what_its_partner_brought,
    a_proof_shows_only_where_the_partner_brought_the_value_itself,
    no_other_credential_is_taken,
}

async fn holder(app: &TestApp, partner_user_id: &str) -> Client {
    let path = format!("/api/v1/users/{partner_user_id}/api_key");
    let key = app.partner().post(&path, &json!({})).await;
    let email = format!("{partner_user_id}@example.com");
    let log_in = json!({ "api_key": key.json()["api_key"], "email": email });
    let token = app.anonymous().post("/api/v1/login", &log_in).await;
    let token = token.json()["data"]["attributes"]["jwt"].as_str().unwrap().to_owned();
    app.anonymous().with("authorization", &format!("Bearer {token}"))
}

async fn a_user_keys_token_shows_what_its_partner_brought(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = app.user(&app.signed_in("ada").await).await.to_string();
    let own = json!({ "name": "Ada", "email": "own@example.com", "phone": "+306912345678", "metadata": { "a": 1 } });
    let put = app.server().call("PUT", &format!("/v1/users/{id}")).json(&own);
    assert_eq!(put.send().await.status, 200);
    let shown = data(&holder(&app, "ada").await.get("/v1/users/me").await);
    let expected = json!({
        "user_id": id, "email": "ada@example.com", "phone": "1234567890", "name": Value::Null, "status": "linked",
        "verification_status": {
            "email_verified": false, "phone_verified": false, "kyc_status": "not_started", "kyb_status": "not_started",
        },
        "created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(shown, expected);
}

async fn a_proof_shows_only_where_the_partner_brought_the_value_itself(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = app.user(&app.signed_in("ada").await).await.to_string();
    // The person's own proof is another source: the partner's token does not tell of it.
    app.prove(&id, "email", "ada@example.com").await;
    let holder = holder(&app, "ada").await;
    let shown = data(&holder.get("/v1/users/me").await);
    assert_eq!(
        (&shown["status"], &shown["verification_status"]["email_verified"]),
        (&json!("linked"), &json!(false))
    );
    assert_eq!(
        data(&app.server().get(&format!("/v1/users/{id}")).await)["status"],
        "verified"
    );
}

async fn no_other_credential_is_taken(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = data(&app.server().post("/v1/users/link", &person("ada")).await);
    assert_eq!(
        linked(&app.server(), &person("ada")).await,
        user["user_id"].as_str().unwrap()
    );
    let waffy = app.anonymous().with(
        "authorization",
        &format!("Bearer {}", user["waffy_token"].as_str().unwrap()),
    );
    for caller in [app.anonymous(), app.server(), app.partner().clone(), waffy] {
        let answer = caller.get("/v1/users/me").await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (401, &json!("UNAUTHORIZED"))
        );
    }
    // Nor is a user's token taken where a key is asked for.
    app.signed_in("bob").await;
    let bob = holder(&app, "bob").await;
    assert_eq!(bob.get("/v1/users").await.status, 401);
}
