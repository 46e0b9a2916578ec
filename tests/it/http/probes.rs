//! `/healthz`, `/readyz`, `/metrics`.

use aboard::clock::Clock;

use crate::support::app::{Engine, Setup, TestApp, on_both};
use crate::support::client::Client;

on_both! {
    the_process_answers,
    a_store_that_answers_and_agrees_on_the_time_is_ready,
    metrics_are_served_at_their_own_address_alone,
}

async fn now(engine: Engine) -> TestApp {
    let setup = Setup {
        starts_at: Some(Clock::System.now()),
        ..Setup::default()
    };
    TestApp::set_up(engine, setup).await
}

async fn the_process_answers(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (method, body) in [("GET", "ok\n"), ("HEAD", "")] {
        let answer = app.anonymous().call(method, "/healthz").send().await;
        assert_eq!((answer.status, answer.text()), (200, body));
    }
    let posted = app.anonymous().submit("/healthz", "").await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET,HEAD"));
}

async fn a_store_that_answers_and_agrees_on_the_time_is_ready(engine: Engine) {
    let app = now(engine).await;
    let ready = app.anonymous().get("/readyz").await;
    assert_eq!((ready.status, ready.text()), (200, "ready\n"));
    // PostgreSQL has a clock of its own; SQLite uses ours.
    app.advance(3_600);
    let off = app.anonymous().get("/readyz").await;
    let expected = match engine {
        Engine::Sqlite => (200, "ready\n"),
        Engine::Postgres => (503, "not ready; see the log\n"),
    };
    assert_eq!((off.status, off.text()), expected);
    app.instance().store.close().await;
    let closed = app.anonymous().get("/readyz").await;
    assert_eq!((closed.status, closed.text()), (503, "not ready; see the log\n"));
    assert_eq!(app.anonymous().get("/healthz").await.status, 200);
}

async fn metrics_are_served_at_their_own_address_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    assert_eq!(app.anonymous().get("/account").await.status, 200);
    assert_eq!(app.anonymous().get("/metrics").await.status, 404);
    let url = app.app.metrics_url.as_deref().expect("metrics are on");
    let base = url.strip_suffix("/metrics").expect("its path");
    let answer = Client::new(base).get("/metrics").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/plain; version=0.0.4")
    );
    let text = answer.text();
    for line in [
        "aboard_http_request_seconds_count{route=\"/api/v1/external_login\",method=\"POST\",status=\"200\"} 1",
        "aboard_http_request_seconds_count{route=\"/account\",method=\"GET\",status=\"200\"} 1",
        "# TYPE aboard_store_operations_total counter",
        "# TYPE aboard_store_commits_total counter",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    // Route templates only: no id, no link, no address is ever a label.
    assert!(!text.contains("ada") && !text.contains("example.com"), "{text}");
    assert_eq!(Client::new(base).get("/account").await.status, 404);
}
