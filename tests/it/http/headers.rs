//! What every answer says, and what is answered whatever the caller says it accepts.

use serde_json::json;

use crate::api::partner::login::{issue, token};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    every_answer_is_fenced,
    json_is_answered_whatever_is_accepted,
    head_is_get_without_a_body,
}

async fn every_answer_is_fenced(engine: Engine) {
    let app = TestApp::start(engine).await;
    let link = app.link("ada").await;
    for (method, path) in [
        ("GET", "/account"),
        ("GET", "/"),
        ("GET", &link),
        ("POST", &link),
        ("GET", "/nothing"),
        ("GET", "/assets/aboard.css"),
    ] {
        let answer = app.anonymous().call(method, path).send().await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.all(name), [value], "{method} {path}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{method} {path}: {policy}");
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{method} {path}"
        );
    }
    for (method, path) in [
        ("POST", "/api/v1/external_login"),
        ("GET", "/api/v1/external_login"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/login_codes/exchange"),
        ("GET", "/api/v2/wallet/address"),
    ] {
        let answer = app.anonymous().call(method, path).send().await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.all(name), [value], "{method} {path}");
        }
    }
}

async fn json_is_answered_whatever_is_accepted(engine: Engine) {
    let app = TestApp::start(engine).await;
    for accept in [
        "*/*",
        "text/html",
        "application/xml;q=0.9",
        "application/json;q=0",
        "nonsense",
        "",
    ] {
        let partner = app.partner().with("accept", accept);
        let answer = partner
            .post("/api/v1/embedded_check_user", &json!({ "partner_user_id": "nobody" }))
            .await;
        assert_eq!(answer.whole().0, 404, "{accept}");
        let page = app.anonymous().with("accept", accept).get("/account").await;
        assert_eq!(page.status, 200, "{accept}");
        page.page();
    }
}

async fn head_is_get_without_a_body(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let user = app.anonymous().with("authorization", &jwt);
    let got = user.get("/api/v1/tenant_details").await;
    let asked = user.call("HEAD", "/api/v1/tenant_details").send().await;
    assert_eq!((asked.status, asked.text()), (got.status, ""));
    assert_eq!(asked.header("content-length"), got.body.len().to_string());
    assert_eq!(asked.header("content-type"), got.header("content-type"));
    let (before, after) = (
        got.header("x-ratelimit-remaining"),
        asked.header("x-ratelimit-remaining"),
    );
    assert_eq!(
        before.parse::<u32>().map(|left| left - 1),
        after.parse(),
        "it is counted"
    );
    // There is nothing to read where there is nothing to get.
    let refused = app.partner().call("HEAD", "/api/v1/external_login").send().await;
    assert_eq!(
        (refused.status, refused.text(), refused.header("allow")),
        (405, "", "POST")
    );
}
