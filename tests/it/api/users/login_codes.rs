//! `POST /v1/login_codes/exchange`: the code at the return URL becomes the user who logged in.

use aboard::domain::Code;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

use crate::support::app::{Engine, TestApp, login_url, on_both, user_with};
use crate::support::client::{Answer, Client};

on_both! {
    a_code_answers_who_logged_in,
    a_bare_key_is_as_good_as_a_bearer,
    a_second_exchange_ends_the_session,
    of_twenty_exchanges_at_once_one_is_answered_and_the_session_ends,
    a_code_lives_for_a_minute,
    a_challenge_must_be_met,
    a_code_without_a_challenge_takes_no_verifier,
    a_code_of_another_environment_is_refused_and_stays_good,
    a_suspended_users_code_is_refused,
    a_bad_field_is_named_in_the_envelope,
}

const PATH: &str = "/v1/login_codes/exchange";
const BACK: &str = "https://app.example.com/back?from=aboard";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

async fn with_return_url(engine: Engine) -> TestApp {
    TestApp::with(engine, &[("login.return_urls", &json!([BACK]).to_string())]).await
}

/// Logs a user in and answers the code at the return URL.
async fn code(app: &TestApp, browser: &Client, fields: &Value) -> String {
    let answer = app
        .partner()
        .post("/api/v1/external_login", &user_with("ada", fields))
        .await;
    let redeemed = browser.submit(&login_url(&answer), "").await;
    assert_eq!(redeemed.status, 303, "{redeemed:?}");
    let location = Url::parse(redeemed.header("location")).expect("an address");
    assert!(location.as_str().starts_with(BACK), "{location}");
    let (_, code) = location.query_pairs().find(|(name, _)| name == "code").expect("a code");
    code.into_owned()
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: Code, message: &str, details: Option<Value>) {
    let mut error = json!({ "code": code.slug(), "message": message });
    if let Some(details) = details {
        error["details"] = details;
    }
    assert_eq!(
        answer.whole(),
        (
            status,
            json!({ "success": false, "error": error, "meta": meta(answer) })
        )
    );
}

#[track_caller]
fn assert_spent(answer: &Answer) {
    assert_refused(answer, 400, Code::CodeRefused, Code::CodeRefused.title(), None);
}

fn meta(answer: &Answer) -> Value {
    let timestamp = answer.json()["meta"]["timestamp"].clone();
    assert!(
        timestamp
            .as_str()
            .is_some_and(|text| text.len() == 20 && text.ends_with('Z')),
        "{answer:?}"
    );
    json!({ "request_id": answer.header("x-request-id"), "timestamp": timestamp })
}

async fn a_code_answers_who_logged_in(engine: Engine) {
    let app = with_return_url(engine).await;
    let browser = app.browser();
    let code = code(&app, &browser, &json!({})).await;
    app.advance(2);
    let answer = app.server().post(PATH, &json!({ "code": code, "unknown": 1 })).await;
    let key = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await.json();
    let data = json!({
        "user_id": app.user(&browser).await,
        "partner": {
            "id": app.sandbox.partner.created.partner, "name": "Acme", "partner_user_id": "ada",
            "wrapp_user_id": key["wrapp_user_id"],
        },
        "email": "ada@example.com", "email_verified": false, "amr": "partner", "auth_time": "2027-01-15T08:00:00Z",
    });
    let meta = json!({ "request_id": answer.header("x-request-id"), "timestamp": "2027-01-15T08:00:02Z" });
    assert_eq!(
        answer.whole(),
        (200, json!({ "success": true, "data": data, "meta": meta }))
    );
    assert_eq!(
        (answer.header("cache-control"), answer.header("x-ratelimit-limit")),
        ("no-store", "100000")
    );
}

async fn a_bare_key_is_as_good_as_a_bearer(engine: Engine) {
    let app = with_return_url(engine).await;
    for scheme in ["", "bearer ", "BEARER "] {
        let code = code(&app, &app.browser(), &json!({})).await;
        let caller = app
            .anonymous()
            .with("authorization", &format!("{scheme}{}", app.sandbox.server_key));
        assert_eq!(
            caller.post(PATH, &json!({ "code": code })).await.status,
            200,
            "{scheme}"
        );
    }
}

async fn a_second_exchange_ends_the_session(engine: Engine) {
    let app = with_return_url(engine).await;
    let browser = app.browser();
    let code = code(&app, &browser, &json!({})).await;
    assert_eq!(app.server().post(PATH, &json!({ "code": code })).await.status, 200);
    assert!(browser.get("/account").await.text().contains("ada@example.com"));
    assert_spent(&app.server().post(PATH, &json!({ "code": code })).await);
    assert!(!browser.get("/account").await.text().contains("ada@example.com"));
}

async fn of_twenty_exchanges_at_once_one_is_answered_and_the_session_ends(engine: Engine) {
    let app = with_return_url(engine).await;
    let browser = app.browser();
    let code = code(&app, &browser, &json!({})).await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (server, body) = (app.server(), json!({ "code": code }));
        calls.spawn(async move { server.post(PATH, &body).await.status });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[400; 19]].concat());
    assert!(!browser.get("/account").await.text().contains("ada@example.com"));
}

async fn a_code_lives_for_a_minute(engine: Engine) {
    let app = with_return_url(engine).await;
    let browser = app.browser();
    let just_in_time = code(&app, &browser, &json!({})).await;
    app.advance(59);
    assert_eq!(
        app.server().post(PATH, &json!({ "code": just_in_time })).await.status,
        200
    );
    let too_late = code(&app, &browser, &json!({})).await;
    app.advance(60);
    assert_spent(&app.server().post(PATH, &json!({ "code": too_late })).await);
    assert!(
        browser.get("/account").await.text().contains("ada@example.com"),
        "the session goes on"
    );
}

async fn a_challenge_must_be_met(engine: Engine) {
    let app = with_return_url(engine).await;
    let challenge = URL_SAFE_NO_PAD.encode(aboard_vault::sha256(VERIFIER.as_bytes()));
    let code = code(
        &app,
        &app.browser(),
        &json!({ "code_challenge": challenge, "state": "s/1 &ü" }),
    )
    .await;
    let server = app.server();
    for wrong in [
        json!({}),
        json!({ "code_verifier": null }),
        json!({ "code_verifier": "" }),
    ] {
        let mut body = wrong;
        body["code"] = json!(code);
        assert_spent(&server.post(PATH, &body).await);
    }
    for wrong in [&challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"] {
        assert_spent(
            &server
                .post(PATH, &json!({ "code": code, "code_verifier": wrong }))
                .await,
        );
    }
    let met = json!({ "code": code, "code_verifier": VERIFIER });
    assert_eq!(server.post(PATH, &met).await.status, 200);
}

async fn a_code_without_a_challenge_takes_no_verifier(engine: Engine) {
    let app = with_return_url(engine).await;
    let code = code(&app, &app.browser(), &json!({})).await;
    let body = json!({ "code": code, "code_verifier": VERIFIER });
    assert_spent(&app.server().post(PATH, &body).await);
    assert_eq!(app.server().post(PATH, &json!({ "code": code })).await.status, 200);
}

async fn a_code_of_another_environment_is_refused_and_stays_good(engine: Engine) {
    let app = with_return_url(engine).await;
    let code = code(&app, &app.browser(), &json!({})).await;
    let before = app.contents().await;
    for plane in [&app.production, &app.stranger] {
        let foreign = app.anonymous().with("authorization", &plane.server_key);
        assert_spent(&foreign.post(PATH, &json!({ "code": code })).await);
    }
    // A login link's own token, a token of ours that opens nothing, and what is none.
    let link = app.link("ada").await;
    let after = app.contents().await;
    assert_eq!(after.len(), before.len() + 1, "the new link alone");
    for wrong in [
        link.rsplit('/').next().unwrap_or_default(),
        &"A".repeat(64),
        &"A".repeat(63),
        "",
        "?",
    ] {
        assert_spent(&app.server().post(PATH, &json!({ "code": wrong })).await);
    }
    assert_eq!(app.contents().await, after);
    assert_eq!(app.server().post(PATH, &json!({ "code": code })).await.status, 200);
}

async fn a_suspended_users_code_is_refused(engine: Engine) {
    let app = with_return_url(engine).await;
    let code = code(&app, &app.browser(), &json!({})).await;
    app.execute("update users set status = 'suspended'").await;
    assert_spent(&app.server().post(PATH, &json!({ "code": code })).await);
}

async fn a_bad_field_is_named_in_the_envelope(engine: Engine) {
    let app = with_return_url(engine).await;
    for (body, field, message) in [
        (json!({}), "code", "code is required."),
        (json!({ "code": null }), "code", "code is required."),
        (json!({ "code": 123_456 }), "code", "code must be a text."),
        (
            json!({ "code": "x", "code_verifier": 1 }),
            "code_verifier",
            "code_verifier must be a text.",
        ),
    ] {
        let answer = app.server().post(PATH, &body).await;
        assert_refused(&answer, 400, Code::Validation, message, Some(json!({ "field": field })));
    }
    let nobody = app.anonymous().post(PATH, &json!({ "code": "x" })).await;
    let message = "Send a server key in the Authorization header.";
    assert_refused(&nobody, 401, Code::Unauthorized, message, None);
}
