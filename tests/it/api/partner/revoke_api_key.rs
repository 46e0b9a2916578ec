//! `DELETE /api/v1/api_keys/{user_key_id}`

use aboard::domain::Code;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both, plain_refusal};
use crate::support::client::{Answer, Client};

on_both! {
    a_revoked_key_and_its_tokens_end_and_others_go_on,
    a_key_that_is_not_held_is_404,
}

async fn revoke(client: &Client, id: &str) -> Answer {
    client.call("DELETE", &format!("/api/v1/api_keys/{id}")).send().await
}

/// The newest key's id.
async fn newest(app: &TestApp) -> String {
    let keys = app.partner().get("/api/v1/users/ada/api_keys").await.json();
    keys["api_keys"][0]["id"].as_str().expect("a text").to_owned()
}

async fn a_revoked_key_and_its_tokens_end_and_others_go_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let mut made = Vec::new();
    for _ in 0..2 {
        app.advance(1);
        let issued = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await.json();
        let log_in = json!({ "api_key": issued["api_key"], "email": "ada@example.com" });
        let token = app.anonymous().post("/api/v1/login", &log_in).await.json();
        let token = token["data"]["attributes"]["jwt"].as_str().expect("a token").to_owned();
        let holder = app.anonymous().with("authorization", &format!("Bearer {token}"));
        made.push((log_in, holder));
    }
    let id = newest(&app).await;
    assert_eq!(
        revoke(app.partner(), &id).await.whole(),
        (200, json!({ "id": id, "revoked": true }))
    );
    for ((log_in, holder), status) in made.iter().zip([200, 401]) {
        assert_eq!(app.anonymous().post("/api/v1/login", log_in).await.status, status);
        assert_eq!(holder.get("/api/v1/tenant_details").await.status, status);
    }
    assert_ne!(newest(&app).await, id);
    assert_eq!(
        revoke(app.partner(), &id).await.whole(),
        plain_refusal(Code::KeyNotFound)
    );
    let said = app
        .instance()
        .store
        .audit_before(app.system(), None, 1)
        .await
        .expect("a list");
    assert_eq!((&*said[0].action, &said[0].target), ("user_key.revoked", &id));
    assert!(said[0].actor.starts_with("partner key key_"), "{said:?}");
}

async fn a_key_that_is_not_held_is_404(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    app.partner().post("/api/v1/users/ada/api_key", &json!({})).await;
    let id = newest(&app).await;
    let before = app.contents().await;
    assert_eq!(
        revoke(&app.sandbox.rival.client, &id).await.whole(),
        plain_refusal(Code::KeyNotFound)
    );
    let own = app.sandbox.partner.created.key.to_string();
    for id in ["uky_0", "x", "%00", "%FF", &own] {
        assert_eq!(
            revoke(app.partner(), id).await.whole(),
            plain_refusal(Code::KeyNotFound),
            "{id}"
        );
    }
    assert_eq!(app.contents().await, before);
}
