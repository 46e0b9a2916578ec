//! Callers that take their time: they are answered or closed, and nobody waits for them.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, login_url, on_both, user};

on_both! {
    headers_that_never_end_are_cut_off,
    a_body_that_never_ends_is_answered,
    a_body_that_drips_is_cut_off,
    a_body_that_is_cut_off_changes_nothing,
    who_asks_and_never_reads_is_cut_off,
}

const PATIENCE: Duration = Duration::from_secs(20);

async fn connect(app: &TestApp, head: &str) -> TcpStream {
    let host = app.app.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let head = head
        .replace("{host}", host)
        .replace("{key}", &app.sandbox.partner.created.partner_key);
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    stream
}

/// What comes back until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("it is closed in time");
    read.expect("it ends in order");
    String::from_utf8(answer).expect("UTF-8")
}

const CALL: &str = "POST /api/v1/external_login HTTP/1.1\r\nHost: {host}\r\nX-PARTNER-API-KEY: {key}\r\nContent-Type: application/json\r\n";

async fn headers_that_never_end_are_cut_off(engine: Engine) {
    let app = TestApp::with(engine, &[("server.header_timeout_seconds", "1")]).await;
    // Nothing at all, half of our own version's headers, the beginnings of HTTP/2.
    let heads = [
        "",
        "GET /account HTTP/1.1\r\nHost: {host}\r\nX-Half: ",
        "P",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let mut streams = Vec::new();
    for head in heads {
        streams.push(connect(&app, head).await);
    }
    // Others are served meanwhile.
    assert_eq!(app.anonymous().get("/account").await.status, 200);
    for (stream, head) in streams.iter_mut().zip(heads) {
        let told = rest(stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{head}: {told}");
    }
}

async fn a_body_that_never_ends_is_answered(engine: Engine) {
    let app = TestApp::with(engine, &[("server.request_timeout_seconds", "1")]).await;
    let before = app.contents().await;
    for (framing, part) in [
        ("Content-Length: 100", "{"),
        ("Transfer-Encoding: chunked", "5\r\n{\"ema"),
    ] {
        let mut stream = connect(&app, &format!("{CALL}{framing}\r\n\r\n{part}")).await;
        assert_eq!(
            app.anonymous().get("/account").await.status,
            200,
            "others are served meanwhile"
        );
        let told = rest(&mut stream).await;
        let (head, body) = told.split_once("\r\n\r\n").expect("a head");
        assert!(
            head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 1"),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["errors"][0]["code"], "TIMEOUT");
    }
    assert_eq!(app.contents().await, before);
    login_url(&app.partner().post("/api/v1/external_login", &user("ada")).await);
}

async fn a_body_that_drips_is_cut_off(engine: Engine) {
    let app = TestApp::with(engine, &[("server.header_timeout_seconds", "1")]).await;
    let before = app.contents().await;
    let mut stream = connect(&app, &format!("{CALL}Content-Length: 1000\r\n\r\n{{")).await;
    let (mut reader, mut writer) = stream.split();
    // A byte now and then is no pace: long before the request's own time is over it is answered.
    let dripping = async {
        let mut drip = tokio::time::interval(Duration::from_millis(50));
        loop {
            drip.tick().await;
            if writer.write_all(b" ").await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut first = [0; 12];
    tokio::select! {
        read = timeout(PATIENCE, reader.read_exact(&mut first)) => {
            read.expect("in time").expect("an answer");
        }
        () = dripping => {}
    }
    assert_eq!(&first, b"HTTP/1.1 400");
    assert_eq!(app.contents().await, before);
}

async fn a_body_that_is_cut_off_changes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let body = user("ada").to_string();
    let mut stream = connect(&app, &format!("{CALL}Content-Length: {}\r\n\r\n{body}", body.len() + 1)).await;
    stream.shutdown().await.expect("our side closes");
    let told = rest(&mut stream).await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 400 "), "{told}");
    assert_eq!(app.contents().await, before);
}

async fn who_asks_and_never_reads_is_cut_off(engine: Engine) {
    let app = TestApp::with(engine, &[("server.request_timeout_seconds", "1")]).await;
    let ask = "GET /account HTTP/1.1\r\nHost: {host}\r\n\r\n".repeat(200);
    let mut stream = connect(&app, &ask).await;
    let host = app.app.url.trim_start_matches("http://");
    let ask = ask.replace("{host}", host);
    // Once nothing more fits into the connection, either way, only its end lets this go on.
    let asking = async { while stream.write_all(ask.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("it is closed in time");
    assert_eq!(app.anonymous().get("/account").await.status, 200);
}
