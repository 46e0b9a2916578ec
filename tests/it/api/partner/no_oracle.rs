//! Nothing that a partner can call tells whether an address is known elsewhere.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, login_url, on_both, user, user_with};
use crate::support::client::Answer;

on_both! {
    a_known_and_an_unknown_address_get_the_same_answer,
    other_peoples_users_are_as_unknown_as_nobodys,
}

/// An answer without what differs from request to request.
fn shape(answer: &Answer) -> (u16, Value, HeaderMap) {
    let mut headers = answer.headers.clone();
    for name in ["x-request-id", "date", "ratelimit", "x-ratelimit-remaining"] {
        headers.remove(name);
    }
    let mut body = answer.json();
    if let Some(url) = body.get_mut("login_url") {
        *url = json!(url.as_str().expect("a text").len());
    }
    (answer.status, body, headers)
}

async fn a_known_and_an_unknown_address_get_the_same_answer(engine: Engine) {
    let app = TestApp::start(engine).await;
    // One address is known to another partner, and its owner has proven it.
    app.sandbox.rival.link("known").await;
    app.execute("update identities set state = 'verified' where kind in ('email', 'phone')")
        .await;
    let mut seen = Vec::new();
    for (id, email) in [("u-1", "known@example.com"), ("u-2", "kim@example.com")] {
        let fields = json!({ "email": email, "webhook_endpoint": "https://example.com/hook" });
        let answer = app
            .partner()
            .post("/api/v1/external_login", &user_with(id, &fields))
            .await;
        let page = app.anonymous().get(&login_url(&answer)).await;
        assert!(page.page().contains("k•••@example.com"), "{page:?}");
        let checked = app
            .partner()
            .post("/api/v1/embedded_check_user", &json!({ "partner_user_id": id }))
            .await;
        assert_eq!(
            checked.whole(),
            (200, json!({ "user": email, "active_subscription": false }))
        );
        seen.push((shape(&answer), page.body));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(app.count("deliveries where state = 'pending'").await, 2);
}

/// Same status and same body for no such user, another partner's, another environment's, another organization's.
async fn other_peoples_users_are_as_unknown_as_nobodys(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sandbox.rival.link("of-rival").await;
    app.production.partner.link("of-production").await;
    app.stranger.partner.link("of-stranger").await;
    let before = app.contents().await;
    for (call, body) in [
        ("/api/v1/embedded_check_user", true),
        ("/api/v1/users/{}/api_key", false),
    ] {
        let mut shapes = Vec::new();
        for id in ["of-rival", "of-production", "of-stranger", "of-nobody"] {
            let path = call.replace("{}", id);
            let fields = if body {
                json!({ "partner_user_id": id })
            } else {
                user(id)
            };
            let answer = app.partner().post(&path, &fields).await;
            assert_eq!(answer.status, 404);
            shapes.push(shape(&answer));
        }
        assert!(shapes.windows(2).all(|two| two[0] == two[1]), "{shapes:?}");
    }
    assert_eq!(app.contents().await, before);
}
