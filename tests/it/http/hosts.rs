//! Hosts that stand for one kind of environment.

use serde_json::json;

use crate::api::partner::login::{issue, token};
use crate::support::app::{Engine, TestApp, login_url, on_both, user};

on_both! {
    a_key_of_the_other_kind_is_refused_at_a_pinned_host,
    a_users_token_is_refused_there_as_well,
    a_pinned_host_may_be_the_public_one,
    a_link_of_the_other_kind_is_none_at_a_pinned_host,
    links_lead_to_a_host_that_answers_them,
}

const SANDBOX: &str = "sandbox-api.example.com";
const PRODUCTION: &str = "api.example.com";

async fn a_key_of_the_other_kind_is_refused_at_a_pinned_host(engine: Engine) {
    let settings = [("server.sandbox_host", SANDBOX), ("server.production_host", PRODUCTION)];
    let app = TestApp::with(engine, &settings).await;
    let free = app.app.url.trim_start_matches("http://").to_owned();
    for (host, plane, status) in [
        (SANDBOX, &app.sandbox, 200),
        (SANDBOX, &app.production, 401),
        ("Sandbox-API.example.com", &app.production, 401),
        (PRODUCTION, &app.production, 200),
        (PRODUCTION, &app.sandbox, 401),
        (&free, &app.sandbox, 200),
        (&free, &app.production, 200),
        ("other.example.com", &app.sandbox, 421),
    ] {
        let partner = plane.partner.client.with("host", host);
        let answer = partner.post("/api/v1/external_login", &user("ada")).await;
        assert_eq!(answer.status, status, "{host}: {answer:?}");
    }
    let there = app.production.partner.client.with("host", SANDBOX);
    let refused = there.post("/api/v1/external_login", &user("ada")).await.json();
    assert_eq!(
        refused["message"],
        "This host answers sandbox keys alone, and this key is of production. Send it to api.example.com."
    );
    let key = format!("Bearer {}", app.sandbox.server_key);
    let there = app.anonymous().with("host", PRODUCTION).with("authorization", &key);
    let refused = there.post("/v1/login_codes/exchange", &json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["message"]),
        (
            401,
            &json!(
                "This host answers production keys alone, and this key is of sandbox. Send it to sandbox-api.example.com."
            )
        )
    );
}

async fn a_users_token_is_refused_there_as_well(engine: Engine) {
    let app = TestApp::with(engine, &[("server.production_host", PRODUCTION)]).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let caller = app.anonymous().with("authorization", &jwt);
    assert_eq!(caller.get("/api/v1/tenant_details").await.status, 200);
    let there = caller.with("host", PRODUCTION);
    let refused = there.get("/api/v1/tenant_details").await;
    assert_eq!(
        (refused.status, &refused.json()["message"]),
        (
            401,
            &json!(
                "This host answers production keys alone, and this key is of sandbox. Ask whoever runs this server for the host to use."
            )
        )
    );
    let login = json!({ "api_key": api_key, "wrapp_user_id": id });
    let anonymous = app.anonymous().with("host", PRODUCTION);
    assert_eq!(anonymous.post("/api/v1/login", &login).await.status, 401);
}

async fn a_pinned_host_may_be_the_public_one(engine: Engine) {
    let settings = [
        ("server.public_url", "https://api.example.com"),
        ("server.production_host", PRODUCTION),
    ];
    let app = TestApp::with(engine, &settings).await;
    let at = |plane: &crate::support::app::Plane| plane.partner.client.with("host", PRODUCTION);
    let body = user("ada");
    assert_eq!(
        at(&app.production).post("/api/v1/external_login", &body).await.status,
        200
    );
    assert_eq!(at(&app.sandbox).post("/api/v1/external_login", &body).await.status, 401);
    // Pages belong to people, who hold no keys.
    assert_eq!(
        app.anonymous().with("host", PRODUCTION).get("/account").await.status,
        200
    );
}

async fn a_link_of_the_other_kind_is_none_at_a_pinned_host(engine: Engine) {
    let settings = [("server.sandbox_host", SANDBOX), ("server.production_host", PRODUCTION)];
    let app = TestApp::with(engine, &settings).await;
    for (own, plane, other) in [
        (PRODUCTION, &app.production, SANDBOX),
        (SANDBOX, &app.sandbox, PRODUCTION),
    ] {
        let link = plane.partner.link("ada").await;
        let before = app.contents().await;
        let there = app.browser().with("host", other);
        let (looked, clicked) = (there.get(&link).await, there.submit(&link, "").await);
        assert_eq!((looked.status, clicked.status), (410, 410), "{other}");
        assert!(there.cookies().is_empty());
        assert_eq!(app.contents().await, before);
        let browser = app.browser();
        let here = browser.with("host", own);
        assert_eq!(here.get(&link).await.status, 200, "{own}");
        assert_eq!(here.submit(&link, "").await.status, 303, "{own}");
        // The cookie is the host's own in a browser; carried elsewhere by hand it opens nothing either.
        assert!(here.get("/account").await.page().contains(">usr_"));
        let carried = browser.with("host", other);
        assert!(!carried.get("/account").await.page().contains(">usr_"));
    }
}

async fn links_lead_to_a_host_that_answers_them(engine: Engine) {
    let settings = [
        ("server.public_url", "https://api.example.com"),
        ("server.production_host", PRODUCTION),
        ("server.sandbox_host", SANDBOX),
    ];
    let app = TestApp::with(engine, &settings).await;
    for (host, plane) in [(PRODUCTION, &app.production), (SANDBOX, &app.sandbox)] {
        let partner = plane.partner.client.with("host", host);
        let answer = partner.post("/api/v1/external_login", &user("ada")).await;
        let url = login_url(&answer);
        let path = url
            .strip_prefix(&format!("https://{host}"))
            .expect("a link to that host");
        let browser = app.browser().with("host", host);
        assert_eq!(browser.submit(path, "").await.status, 303, "{host}");
    }
}
