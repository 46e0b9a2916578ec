//! Which credential opens what: one in the wrong place is 401, never "close enough".

use aboard::admin;
use aboard::domain::{ApiKey, EnvironmentKind, KeyKind, NewKey};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::partner::login::{issue, token};
use super::users::tokens;
use crate::support::app::{Engine, TestApp, on_both, user};
use crate::support::client::{Answer, Client, plain_http};

on_both! {
    a_credential_in_the_wrong_place_is_401,
    a_key_that_is_not_quite_right_is_401,
    a_revoked_key_is_refused_from_the_next_call_on,
    a_rotated_key_goes_on_for_its_overlap,
    a_refused_caller_is_told_before_its_body_is_read,
}

/// The operations that take a credential: method, path, the header it is in.
const OPERATIONS: [(&str, &str, &str); 9] = [
    ("POST", "/api/v1/external_login", "x-partner-api-key"),
    ("POST", "/api/v1/embedded_check_user", "x-partner-api-key"),
    ("POST", "/api/v1/users/ada/api_key", "x-partner-api-key"),
    ("GET", "/api/v1/users/ada/api_keys", "x-partner-api-key"),
    ("DELETE", "/api/v1/api_keys/uky_0", "x-partner-api-key"),
    ("GET", "/api/v1/tenant_details", "authorization"),
    ("POST", "/v1/login_codes/exchange", "authorization"),
    ("POST", "/v1/users/ada/tokens", "authorization"),
    ("POST", INTROSPECT, "authorization"),
];
const INTROSPECT: &str = "/v1/tokens/introspect";

/// The limit of an address in these tests.
const ANONYMOUS: &str = "100000";

async fn call(caller: &Client, method: &str, path: &str) -> Answer {
    let mut body = user("ada");
    body["code"] = json!("x");
    caller.call(method, path).json(&body).send().await
}

/// 401 with a reason, in the shape of its surface, counted by the caller's address.
#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    let (status, body) = answer.whole();
    let error = if body["success"] == json!(false) {
        &body["error"]
    } else {
        &body["errors"][0]
    };
    assert_eq!(
        (status, &error["code"]),
        (401, &json!("UNAUTHORIZED")),
        "{what}: {body}"
    );
    let message = if body["success"] == json!(false) {
        &error["message"]
    } else {
        &body["message"]
    };
    assert!(
        message.as_str().is_some_and(|text| text.ends_with('.')),
        "{what}: {body}"
    );
    assert_eq!(answer.header("x-ratelimit-limit"), ANONYMOUS, "{what}");
    assert_eq!(
        answer.header("ratelimit-policy"),
        format!("\"default\";q={ANONYMOUS};w=60"),
        "{what}"
    );
}

async fn a_credential_in_the_wrong_place_is_401(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (user_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &user_key, &id).await;
    let client = admin::create_app(app.instance(), &app.sandbox.environment, "web", Vec::new())
        .await
        .expect("made");
    let organization_token = tokens::token(&app, tokens::ada(&app).await).await;
    let credentials: [(&str, &str, &[&str]); 7] = [
        (
            "a partner key",
            &app.sandbox.partner.created.partner_key,
            &["x-partner-api-key"],
        ),
        (
            "a server key",
            &app.sandbox.server_key,
            &["/v1/login_codes/exchange", "/v1/users/ada/tokens", INTROSPECT],
        ),
        ("a user key", &user_key, &[]),
        ("a user token", &jwt, &["/api/v1/tenant_details"]),
        ("a token of the organization", &organization_token, &[]),
        ("a client secret", &client.client_secret, &[]),
        ("an app id", &client.app.to_string(), &[]),
    ];
    let before = app.contents().await;
    for (what, credential, opens) in credentials {
        for (method, path, header) in OPERATIONS {
            if opens.contains(&path) || opens.contains(&header) {
                continue;
            }
            for header in ["x-partner-api-key", "authorization", "x-client-secret", "cookie"] {
                if opens.contains(&header) {
                    continue;
                }
                let answer = call(&app.anonymous().with(header, credential), method, path).await;
                assert_refused(&answer, &format!("{what} in {header} at {path}"));
            }
        }
    }
    for (method, path, _) in OPERATIONS {
        assert_refused(&call(&app.anonymous(), method, path).await, path);
    }
    assert_eq!(app.contents().await, before);
}

async fn a_key_that_is_not_quite_right_is_401(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let before = app.contents().await;
    let ids = &app.instance().ids;
    for (kind, good, path, header) in [
        (
            KeyKind::Partner,
            &app.sandbox.partner.created.partner_key,
            "/api/v1/external_login",
            "x-partner-api-key",
        ),
        (
            KeyKind::Server,
            &app.sandbox.server_key,
            "/v1/login_codes/exchange",
            "authorization",
        ),
    ] {
        let known = ApiKey::parse(good).expect("a key").id;
        let new = |environment, id| NewKey::new(kind, environment, id, ids.secret()).expose().to_owned();
        let last = if good.ends_with('x') { "y" } else { "x" };
        let wrong = [
            "x".to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{}{last}", &good[..good.len() - 1]),
            good.to_uppercase(),
            format!("{good}, {good}"),
            good.replace("_test_", "_live_"),
            new(EnvironmentKind::Sandbox, ids.id()),
            new(EnvironmentKind::Sandbox, known),
            new(EnvironmentKind::Production, known),
            "x".repeat(8_000),
        ];
        for key in &wrong {
            let caller = app.anonymous().with(header, key);
            assert_refused(&call(&caller, "POST", path).await, key);
        }
        for raw in [&b"\xff\xfe"[..], b"", b"  "] {
            let value = axum::http::HeaderValue::from_bytes(raw).expect("a header");
            let http = plain_http()
                .build()
                .expect("a client")
                .post(format!("{}{path}", app.app.url))
                .header(header, value);
            assert_eq!(http.send().await.expect("an answer").status(), 401, "{raw:?}");
        }
        assert_ne!(
            call(&app.anonymous().with(header, &format!(" {good} ")), "POST", path)
                .await
                .status,
            401
        );
    }
    let after = app.contents().await;
    assert_eq!(after.len(), before.len() + 1, "the good key's link alone");
}

async fn a_revoked_key_is_refused_from_the_next_call_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let key = app.sandbox.partner.created.key;
    let revoked = app.instance().store.revoke_key(&app.admin(), key, app.now()).await;
    assert!(revoked.expect("the store answers"));
    let before = app.contents().await;
    assert_refused(&call(app.partner(), "POST", "/api/v1/external_login").await, "revoked");
    assert_eq!(app.contents().await, before);
    assert_eq!(
        call(&app.sandbox.rival.client, "POST", "/api/v1/external_login")
            .await
            .status,
        200
    );
}

async fn a_rotated_key_goes_on_for_its_overlap(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (old, day) = (app.sandbox.partner.created.key, SignedDuration::from_hours(24));
    let new = admin::rotate_key(app.instance(), old, day).await.expect("rotated");
    let new = app.anonymous().with("x-partner-api-key", &new.secret);
    app.advance(86_399);
    for caller in [app.partner(), &new] {
        assert_eq!(call(caller, "POST", "/api/v1/external_login").await.status, 200);
    }
    app.advance(1);
    assert_refused(
        &call(app.partner(), "POST", "/api/v1/external_login").await,
        "the overlap is over",
    );
    // Both were one partner's: the user is the same.
    assert_eq!(call(&new, "POST", "/api/v1/external_login").await.status, 200);
    assert_eq!(app.count("users").await, 1);
}

async fn a_refused_caller_is_told_before_its_body_is_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    for body in [Value::Null, json!("not an object")] {
        for (method, path, _) in OPERATIONS {
            let answer = app.anonymous().call(method, path).json(&body).send().await;
            assert_refused(&answer, path);
        }
    }
}
