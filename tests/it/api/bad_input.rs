//! What every operation refuses alike, whatever it is for.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both, plain_refusal, user};
use crate::support::client::{Answer, Client};

on_both! {
    a_body_that_is_not_one_strict_json_object_is_refused,
    another_content_type_is_refused,
    a_body_over_one_mebibyte_is_refused,
    another_method_is_refused_and_the_right_one_named,
    what_takes_no_body_ignores_one,
    an_unknown_path_is_answered_in_the_shape_of_its_surface,
}

const INTROSPECT: &str = "/v1/tokens/introspect";

/// The operations that read a body, each with a caller that may use it.
fn readers(app: &TestApp) -> [(&'static str, Client); 5] {
    [
        ("/api/v1/external_login", app.partner().clone()),
        ("/api/v1/embedded_check_user", app.partner().clone()),
        ("/api/v1/login", app.anonymous()),
        ("/v1/login_codes/exchange", app.server()),
        (INTROSPECT, app.server()),
    ]
}

/// Status and code of a refusal, on either surface.
#[track_caller]
fn refused(answer: &Answer) -> (u16, String) {
    let (status, body) = answer.whole();
    let code = if body["success"] == json!(false) {
        assert_eq!(body["meta"]["request_id"], answer.header("x-request-id"));
        &body["error"]["code"]
    } else {
        assert_eq!(body["message"], body["errors"][0]["title"]);
        assert_eq!(body["errors"][0]["status"], json!(status.to_string()));
        &body["errors"][0]["code"]
    };
    (status, code.as_str().expect("a text").to_owned())
}

async fn a_body_that_is_not_one_strict_json_object_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(32), "]".repeat(32));
    let very_deep = "[".repeat(500_000);
    let good = user("ada").to_string();
    let bodies: [&[u8]; 17] = [
        b"",
        b" ",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"{} {}",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{\"email\":\"a@example.com\",\"email\":\"b@example.com\"}",
        b"{\"a\":{\"b\":1,\"b\":2}}",
        b"{\"email\":\"\\u0000\"}",
        b"{\"email\":\"\xff\xfe\"}",
        b"{\"email\":\"\\ud800\"}",
        b"{\"a\":1e999}",
        deep.as_bytes(),
        very_deep.as_bytes(),
    ];
    for (path, client) in readers(&app) {
        for body in bodies {
            let call = client.call("POST", path).header("content-type", "application/json");
            let answer = call.body(body.to_vec()).send().await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
            let is_anybodys = path == "/api/v1/login" || path.starts_with("/v1/login_codes/");
            let expected = if is_anybodys && body.len() > 16 << 10 {
                (413, "PAYLOAD_TOO_LARGE")
            } else {
                (400, "MALFORMED_BODY")
            };
            assert_eq!(refused(&answer), (expected.0, expected.1.to_owned()), "{path}: {shown}");
        }
        let cut = client.call("POST", path).header("content-type", "application/json");
        let cut = cut.body(good[..good.len() - 1].to_owned()).send().await;
        assert_eq!(refused(&cut).0, 400);
    }
    assert_eq!(app.contents().await, before);
}

async fn another_content_type_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    for (path, client) in readers(&app) {
        for kind in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "json",
            "text/json;x=é",
        ] {
            let mut call = client.call("POST", path).body(user("ada").to_string());
            if path == INTROSPECT && kind == "application/x-www-form-urlencoded" {
                continue;
            }
            if !kind.is_empty() {
                call = call.header("content-type", kind);
            }
            let answer = call.send().await;
            assert_eq!(
                refused(&answer),
                (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()),
                "{path}: {kind}"
            );
        }
    }
    assert_eq!(app.contents().await, before);
    for kind in ["application/json", "Application/JSON ; charset=UTF-8"] {
        let call = app
            .partner()
            .call("POST", "/api/v1/external_login")
            .header("content-type", kind);
        assert_eq!(call.body(user("ada").to_string()).send().await.status, 200, "{kind}");
    }
}

async fn a_body_over_one_mebibyte_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let padded = |length: usize| {
        let mut body = user("ada").to_string();
        body.push_str(&" ".repeat(length - body.len()));
        body
    };
    for (path, client) in readers(&app) {
        for length in [(1 << 20) + 1, 3 << 20] {
            let call = client.call("POST", path).header("content-type", "application/json");
            let answer = call.body(padded(length)).send().await;
            assert_eq!(
                refused(&answer),
                (413, "PAYLOAD_TOO_LARGE".to_owned()),
                "{path}: {length}"
            );
        }
    }
    assert_eq!(app.contents().await, before);
    let largest = app
        .partner()
        .call("POST", "/api/v1/external_login")
        .header("content-type", "application/json");
    assert_eq!(largest.body(padded(1 << 20)).send().await.status, 200);
}

async fn another_method_is_refused_and_the_right_one_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let before = app.contents().await;
    let mut operations: Vec<(String, Client, &str)> = readers(&app)
        .into_iter()
        .map(|(path, client)| (path.to_owned(), client, "POST"))
        .collect();
    operations.push(("/api/v1/users/ada/api_key".to_owned(), app.partner().clone(), "POST"));
    operations.push(("/api/v1/tenant_details".to_owned(), app.anonymous(), "GET,HEAD"));
    for (path, client, allowed) in operations {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
            if allowed.split(',').any(|known| known == method) {
                continue;
            }
            let answer = client.call(method, &path).json(&user("ada")).send().await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, allowed),
                "{method} {path}"
            );
            if method != "HEAD" {
                assert_eq!(refused(&answer).1, "METHOD_NOT_ALLOWED");
            }
        }
    }
    assert_eq!(app.contents().await, before);
}

async fn what_takes_no_body_ignores_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    for (kind, body) in [("application/json", "{"), ("text/plain", "\u{1}")] {
        let call = app
            .partner()
            .call("POST", "/api/v1/users/ada/api_key")
            .header("content-type", kind);
        assert_eq!(call.body(body).send().await.status, 200);
    }
}

async fn an_unknown_path_is_answered_in_the_shape_of_its_surface(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let title = Code::RouteNotFound.title();
    for method in ["GET", "POST", "DELETE"] {
        let call = |path: &'static str| app.partner().call(method, path).json(&user("ada")).send();
        for path in [
            "/api/v1/nothing",
            "/api/v1/external_login/",
            "/api/v1//external_login",
            "/api/v9/x",
        ] {
            assert_eq!(
                call(path).await.whole(),
                plain_refusal(Code::RouteNotFound),
                "{method} {path}"
            );
        }
        for path in [
            "/v1/nothing",
            "/v1/login_codes",
            "/v1/login_codes/exchange/more",
            "/e/x",
        ] {
            assert_eq!(
                refused(&call(path).await),
                (404, "ROUTE_NOT_FOUND".to_owned()),
                "{method} {path}"
            );
        }
        for path in ["/api/v2/nothing", "/api/v1/wallet/nothing", "/api/v2/auth/nothing"] {
            let whole: (u16, Value) = (404, json!({ "status": 404, "message": title, "data": null }));
            assert_eq!(call(path).await.whole(), whole, "{method} {path}");
        }
        for path in ["/account/nothing", "/assets/a/b", "/.well-known/jwks.json"] {
            let answer = call(path).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            assert!(answer.page().contains(answer.header("x-request-id")), "{answer:?}");
        }
    }
    assert_eq!(app.contents().await, before);
}
