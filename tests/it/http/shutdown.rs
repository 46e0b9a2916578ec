//! A graceful stop: what runs is finished, what was answered is there afterwards.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on_both, user};

on_both! {
    a_running_request_is_finished_and_its_change_is_there,
    a_caller_that_never_finishes_is_not_waited_for,
}

const PATIENCE: Duration = Duration::from_secs(20);

/// A call whose body the server is reading: it says so when it is asked to (RFC 9110, 10.1.1).
async fn running(app: &TestApp, body: &str) -> TcpStream {
    let host = app.app.url.trim_start_matches("http://");
    let key = &app.sandbox.partner.created.partner_key;
    let head = format!(
        "POST /api/v1/external_login HTTP/1.1\r\nHost: {host}\r\nX-PARTNER-API-KEY: {key}\r\nExpect: 100-continue\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    let mut told = [0; 25];
    let read = timeout(PATIENCE, stream.read_exact(&mut told)).await;
    read.expect("in time").expect("it arrives");
    assert_eq!(std::str::from_utf8(&told), Ok("HTTP/1.1 100 Continue\r\n\r\n"));
    stream
}

/// Waits until nobody is let in any more.
async fn closed(address: &str) {
    let closed = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(PATIENCE, closed).await.expect("it closes its door in time");
}

async fn a_running_request_is_finished_and_its_change_is_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = user("ada").to_string();
    let mut stream = running(&app, &body).await;
    // A connection that is kept alive without a request holds nothing up.
    let idle = app.anonymous();
    assert_eq!(idle.get("/account").await.status, 200);

    let (database, address) = (app.database, app.app.url.trim_start_matches("http://").to_owned());
    let store = app.app.web.instance.store.clone();
    let stopping = tokio::spawn(app.app.stop());
    closed(&address).await;
    assert!(!stopping.is_finished());
    stream.write_all(body.as_bytes()).await.expect("it is still read");
    let mut answer = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("in time").expect("it arrives");
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"login_url\""),
        "{answer}"
    );
    timeout(PATIENCE, stopping)
        .await
        .expect("it stops in time")
        .expect("it stops in order");
    assert!(store.instance().await.is_err(), "the store is closed");

    let reopened = crate::support::database::options(&database.url());
    let store = aboard::store::Store::open(reopened)
        .await
        .expect("the store opens again");
    let (link, _) = answer.rsplit_once('"').expect("a text");
    let token = aboard::domain::Token::parse(&link[link.len() - 64..]).expect("a token");
    let preview = store
        .preview_login_link(&token, app.clock.now())
        .await
        .expect("it answers");
    assert_eq!(preview.expect("the link is there").email, "ada@example.com");
}

async fn a_caller_that_never_finishes_is_not_waited_for(engine: Engine) {
    let app = TestApp::with(engine, &[("server.shutdown_seconds", "1")]).await;
    let before = app.contents().await;
    let body = user("ada").to_string();
    let stream = running(&app, &body).await;
    assert_eq!(app.contents().await, before);
    let stopping = tokio::spawn(app.app.stop());
    timeout(PATIENCE, stopping)
        .await
        .expect("it stops in time")
        .expect("it stops in order");
    drop(stream);
}
