//! First and last: host, request id, headers.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on_both, plain_refusal, user};

on_both! {
    a_host_that_is_not_ours_is_refused_on_every_surface,
    a_configured_host_is_answered_in_any_case,
    a_request_without_a_host_is_refused,
    every_answer_has_an_id_of_its_own_and_may_not_be_sniffed,
    strict_transport_is_for_https_alone,
    too_many_headers_are_refused,
}

/// Sends bytes as they are and answers what comes back until the server closes.
async fn raw(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.app.url.trim_start_matches("http://"))
        .await
        .expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("it is taken");
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    read.expect("it is closed in time").expect("it arrives");
    String::from_utf8(answer).expect("UTF-8")
}

async fn a_host_that_is_not_ours_is_refused_on_every_surface(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let port = app.app.url.rsplit(':').next().expect("a port").to_owned();
    for host in [
        "evil.example.com",
        "127.0.0.1",
        &format!("localhost:{port}"),
        &format!("127.0.0.1:{port}."),
        "",
    ] {
        let call = app.partner().with("host", host);
        let refused = call.post("/api/v1/external_login", &user("ada")).await;
        assert_eq!(
            refused.whole(),
            plain_refusal(aboard::domain::Code::UnknownHost),
            "{host}"
        );
        let refused = call.post("/v1/login_codes/exchange", &json!({})).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["code"]),
            (421, &json!("UNKNOWN_HOST"))
        );
        let refused = call.get("/account").await;
        assert_eq!(refused.status, 421);
        assert!(refused.page().contains("421"), "{refused:?}");
        // Probes come from machines that know an address only.
        assert_eq!(call.get("/healthz").await.status, 200);
    }
    assert_eq!(app.contents().await, before);
}

async fn a_configured_host_is_answered_in_any_case(engine: Engine) {
    let settings = [
        ("server.public_url", "https://Id.Example.com"),
        ("server.hosts", "[\"Other.example.com\", \"localhost:8080\"]"),
    ];
    let app = TestApp::with(engine, &settings).await;
    for (host, status) in [
        ("id.example.com", 200),
        ("ID.EXAMPLE.COM", 200),
        ("other.example.com", 200),
        ("localhost:8080", 200),
        ("localhost", 421),
        ("id.example.com:444", 421),
        ("xid.example.com", 421),
        ("id.example.com.evil.com", 421),
    ] {
        assert_eq!(
            app.anonymous().with("host", host).get("/account").await.status,
            status,
            "{host}"
        );
    }
}

async fn a_request_without_a_host_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = raw(&app, "GET /account HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 421 "), "{answer}");
    let host = app.app.url.trim_start_matches("http://");
    let answer = raw(&app, &format!("GET /account HTTP/1.0\r\nHost: {host}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    // A whole address in the request line says nothing against the Host header.
    let line = "GET http://evil.example.com/account HTTP/1.1\r\nConnection: close\r\n";
    let answer = raw(&app, &format!("{line}Host: evil.example.com\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
}

async fn every_answer_has_an_id_of_its_own_and_may_not_be_sniffed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let link = app.link("ada").await;
    let mut ids = BTreeSet::new();
    let calls = [
        ("GET", "/account"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/assets/aboard.css"),
        ("GET", "/nothing"),
        ("GET", &link),
        ("POST", &link),
        ("POST", "/api/v1/external_login"),
        ("PUT", "/api/v1/login"),
        ("POST", "/v1/login_codes/exchange"),
        ("GET", "/api/v2/wallet/address"),
    ];
    for (method, path) in calls {
        let call = app
            .anonymous()
            .call(method, path)
            .header("x-request-id", "req_of_the_caller");
        let answer = call.send().await;
        let id = answer.header("x-request-id");
        assert!(id.len() == 30 && id.starts_with("req_"), "{method} {path}: {answer:?}");
        ids.insert(id.to_owned());
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{method} {path}");
        assert_eq!(answer.header("strict-transport-security"), "");
        assert_eq!(answer.header("server"), "");
    }
    assert_eq!(ids.len(), calls.len());
}

async fn strict_transport_is_for_https_alone(engine: Engine) {
    let app = TestApp::with(engine, &[("server.public_url", "https://id.example.com")]).await;
    for (host, path) in [
        ("id.example.com", "/account"),
        ("id.example.com", "/api/v1/x"),
        ("evil.example.com", "/"),
    ] {
        let answer = app.anonymous().with("host", host).get(path).await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000",
            "{host}{path}"
        );
    }
}

async fn too_many_headers_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let host = app.app.url.trim_start_matches("http://");
    for padding in ["x-a: b\r\n".repeat(200), format!("x-a: {}\r\n", "b".repeat(100_000))] {
        let request = format!("GET /account HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{padding}\r\n");
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        // It may close before it has taken everything.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = vec![0; 12];
        let read = timeout(Duration::from_secs(20), stream.read_exact(&mut answer)).await;
        read.expect("it is answered in time").expect("it arrives");
        assert_eq!(std::str::from_utf8(&answer), Ok("HTTP/1.1 431"));
    }
    assert_eq!(app.anonymous().get("/account").await.status, 200);
}
