//! `GET /v1/requests`: what was asked of an environment, and how it ended.

use aboard::admin::{self, Allowed};
use aboard::domain::{Code, KeyKind};
use serde_json::{Value, json};

use crate::api::partner::login::{issue, token};
use crate::support::app::{Engine, Plane, TestApp, on_both, user};
use crate::support::client::Client;

on_both! {
    every_call_with_a_good_credential_is_kept,
    nothing_that_a_caller_wrote_is_kept,
    a_page_is_filtered_and_followed,
    only_ones_own_environment_is_shown,
    a_token_of_the_back_end_is_its_users,
    it_takes_the_scope_requests,
    of_refused_calls_the_first_in_each_second_is_kept,
    it_can_be_switched_off,
}

const PATH: &str = "/v1/requests";

/// A back end that may read the log.
async fn reader(app: &TestApp, plane: &Plane) -> Client {
    let allowed = Allowed {
        scopes: vec!["requests".to_owned()],
        per_minute: None,
    };
    let owner = plane.environment.id.0;
    let made = admin::create_key(
        app.instance(),
        &plane.environment,
        KeyKind::Server,
        owner,
        "reader",
        allowed,
    )
    .await;
    app.anonymous().with("authorization", &made.expect("made").secret)
}

/// What the log says once everything is written.
async fn log(app: &TestApp, reader: &Client, query: &str) -> Vec<Value> {
    app.app.requests.flush().await;
    let answer = reader.get(&format!("{PATH}{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["data"].as_array().expect("a list").clone()
}

fn calls(log: &[Value]) -> Vec<String> {
    let call = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        let parts = [
            text("key_kind"),
            text("method"),
            text("route"),
            line["status"].to_string(),
        ];
        format!("{} {} {}", parts.join(" "), text("error_code"), text("field"))
    };
    log.iter().map(call).collect()
}

async fn every_call_with_a_good_credential_is_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let reader = reader(&app, &app.sandbox).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let partner = app.partner();
    let refused = partner.post("/api/v1/external_login", &json!({ "email": "x" })).await;
    partner.get("/api/v1/external_login").await;
    partner.get("/api/v1/nothing?email=ada@example.com").await;
    app.anonymous()
        .with("authorization", &jwt)
        .get("/api/v1/tenant_details")
        .await;
    app.server()
        .post("/v1/login_codes/exchange", &json!({ "code": "x" }))
        .await;
    app.server().get(PATH).await;
    // Nobody's: no key, a key that is none, a page.
    app.anonymous().post("/api/v1/external_login", &user("ada")).await;
    app.anonymous()
        .with("x-partner-api-key", "abp_test_x")
        .get("/api/v1/nothing")
        .await;
    app.anonymous().get("/account").await;

    let log = log(&app, &reader, "").await;
    assert_eq!(
        calls(&log),
        [
            "server GET /v1/requests 403 FORBIDDEN -",
            "server POST /v1/login_codes/exchange 400 CODE_REFUSED -",
            "user GET /api/v1/tenant_details 200 - -",
            "partner GET none 404 ROUTE_NOT_FOUND -",
            "partner GET /api/v1/external_login 405 METHOD_NOT_ALLOWED -",
            "partner POST /api/v1/external_login 422 VALIDATION_ERROR email",
            "user POST /api/v1/login 200 - -",
            "partner POST /api/v1/users/{partner_user_id}/api_key 200 - -",
            "partner POST /api/v1/external_login 200 - -",
        ]
    );
    let bad = &log[5];
    assert_eq!(bad["request_id"], refused.header("x-request-id"));
    assert_eq!(bad["key_id"], json!(app.sandbox.partner.created.key));
    assert_eq!(bad["timestamp"], "2027-01-15T08:00:00Z");
    assert!(bad["duration_us"].as_i64().is_some_and(|micros| micros > 0));
    assert!(log[2]["key_id"].as_str().is_some_and(|id| id.starts_with("uky_")));
}

async fn nothing_that_a_caller_wrote_is_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let secret = "hunter2";
    let partner = app
        .partner()
        .with("user-agent", secret)
        .with("x-forwarded-for", "203.0.113.99");
    partner.get(&format!("/api/v1/{secret}?{secret}={secret}")).await;
    partner.call("HUNTER2", "/api/v1/login").send().await;
    partner
        .post(&format!("/api/v1/users/{secret}/api_key"), &json!({ secret: secret }))
        .await;
    partner
        .post("/api/v1/external_login", &json!({ "email": secret, "phone": secret }))
        .await;
    app.server().get(&format!("{PATH}?{secret}={secret}")).await;
    app.app.requests.flush().await;
    let kept = app.rows("select lines from request_blocks").await.join("\n");
    assert_eq!(kept.matches("route").count(), 5, "{kept}");
    for word in [
        secret,
        "HUNTER2",
        "203.0.113.99",
        "127.0.0.1",
        &app.sandbox.partner.created.partner_key,
    ] {
        assert!(!kept.contains(word), "{word}: {kept}");
    }
}

async fn a_page_is_filtered_and_followed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let reader = reader(&app, &app.sandbox).await;
    for status in [404, 422, 404, 422, 404] {
        let body = if status == 404 {
            json!({ "partner_user_id": "nobody" })
        } else {
            json!({})
        };
        assert_eq!(
            app.partner().post("/api/v1/embedded_check_user", &body).await.status,
            status
        );
    }
    app.link("ada").await;
    let count = async |query: &str| log(&app, &reader, query).await.len();
    assert_eq!(count("?status=404").await, 3);
    assert_eq!(count("?status=4xx&route=/api/v1/embedded_check_user").await, 5);
    assert_eq!(count("?status=4xx&route=/api/v1/external_login").await, 0);
    assert_eq!(count("?route=/api/v1/external_login").await, 1);
    assert_eq!(count("?status=5xx").await, 0);

    let first = reader.get(&format!("{PATH}?status=4xx&limit=2")).await.json();
    assert_eq!(
        (first["data"].as_array().map(Vec::len), &first["meta"]["has_more"]),
        (Some(2), &json!(true))
    );
    let cursor = first["meta"]["next_cursor"].as_str().expect("there is more");
    assert_eq!(first["data"][1]["request_id"], cursor);
    let rest = reader.get(&format!("{PATH}?status=4xx&after={cursor}")).await.json();
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&rest["meta"]["has_more"], &rest["meta"]["next_cursor"]),
        (&json!(false), &Value::Null)
    );
    for (query, field) in [
        ("status=ok", "status"),
        ("status=6xx", "status"),
        ("status=99", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=usr_x", "after"),
        ("route=a&route=b", "route"),
    ] {
        let refused = reader.get(&format!("{PATH}?{query}")).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["details"]["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
}

async fn only_ones_own_environment_is_shown(engine: Engine) {
    let app = TestApp::start(engine).await;
    let planes = [&app.sandbox, &app.production, &app.stranger];
    for plane in planes {
        plane.partner.link("ada").await;
        plane.rival.link("ada").await;
    }
    for plane in planes {
        let reader = reader(&app, plane).await;
        let log = log(&app, &reader, "").await;
        let keys: Vec<_> = log.iter().map(|line| &line["key_id"]).collect();
        assert_eq!(
            keys,
            [&json!(plane.rival.created.key), &json!(plane.partner.created.key)]
        );
    }
}

/// No key was sent with it, so none is named; a host of the other kind refuses it like a key.
async fn a_token_of_the_back_end_is_its_users(engine: Engine) {
    let app = TestApp::with(engine, &[("server.production_host", "api.example.com")]).await;
    let reader = reader(&app, &app.sandbox).await;
    let person = json!({ "email": "ada@example.com", "phone": "+1234567890", "name": "Ada Lovelace" });
    let linked = app.server().post("/v1/users/link", &person).await;
    let user = linked.json()["data"]["user_id"].as_str().expect("a user").to_owned();
    let made = app.server().post(&format!("/v1/users/{user}/tokens"), &json!({})).await;
    let token = format!("Bearer {}", made.json()["data"]["token"].as_str().expect("a token"));
    let holder = app.anonymous().with("authorization", &token);
    app.advance(1);
    assert_eq!(holder.get("/v1/users/me").await.status, 200);
    assert_eq!(holder.get("/v1/nothing").await.status, 404);
    assert_eq!(
        holder.with("host", "api.example.com").get("/v1/users/me").await.status,
        401
    );
    let log = log(&app, &reader, "").await;
    assert_eq!(
        calls(&log),
        [
            "user GET none 404 ROUTE_NOT_FOUND -",
            "user GET /v1/users/me 200 - -",
            "server POST /v1/users/{user_id}/tokens 201 - -",
            "server POST /v1/users/link 200 - -",
        ]
    );
    assert_eq!((&log[0]["key_id"], &log[1]["key_id"]), (&Value::Null, &Value::Null));
}

async fn it_takes_the_scope_requests(engine: Engine) {
    let app = TestApp::start(engine).await;
    // What a new key has is for work, not for looking at what others do.
    let refused = app.server().get(PATH).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (403, &json!(Code::Forbidden.slug()))
    );
    let message =
        "This key lacks the scope requests. Use one that has it: `aboard keys create --scope requests` makes one.";
    assert_eq!(refused.json()["error"]["message"], message);
    assert_eq!(app.partner().get(PATH).await.status, 401);
    assert_eq!(app.anonymous().get(PATH).await.status, 401);
}

async fn of_refused_calls_the_first_in_each_second_is_kept(engine: Engine) {
    let app = TestApp::with(engine, &[("limits.sandbox_per_minute", "2")]).await;
    let reader = reader(&app, &app.sandbox).await;
    let call = async || {
        let body = json!({ "partner_user_id": "nobody" });
        app.partner().post("/api/v1/embedded_check_user", &body).await.status
    };
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(call().await);
    }
    app.advance(1);
    statuses.extend([call().await, call().await]);
    assert_eq!(statuses, [404, 404, 429, 429, 429, 429, 429]);
    let log = log(&app, &reader, "").await;
    let kept: Vec<_> = log.iter().map(|line| line["status"].as_u64()).collect();
    assert_eq!(kept, [Some(429), Some(429), Some(404), Some(404)]);
}

async fn it_can_be_switched_off(engine: Engine) {
    let app = TestApp::with(engine, &[("log.requests", "false")]).await;
    let reader = reader(&app, &app.sandbox).await;
    app.link("ada").await;
    assert_eq!(log(&app, &reader, "").await, [Value::Null; 0]);
    assert_eq!(app.count("request_blocks").await, 0);
}
