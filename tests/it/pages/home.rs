//! `GET /`: the welcome page of `aboard dev`, and nothing in `aboard serve`.

use crate::support::app::{Engine, Setup, TestApp, login_url, on_both};

on_both! {
    dev_shows_a_first_call_that_works_as_it_is_printed,
    serve_shows_nothing,
}

async fn dev_shows_a_first_call_that_works_as_it_is_printed(engine: Engine) {
    let setup = Setup {
        welcome: true,
        ..Setup::default()
    };
    let app = TestApp::set_up(engine, setup).await;
    let answer = app.anonymous().get("/").await;
    assert_eq!(answer.status, 200);
    let page = answer.page().replace("&#39;", "'").replace("&#34;", "\"");
    let metrics = app.app.metrics_url.as_deref().expect("metrics are on");
    assert!(
        page.contains(metrics) && page.contains(&format!("{}/account", app.app.url)),
        "{page}"
    );

    let (_, printed) = page.split_once("<code>curl -X POST '").expect("a call");
    let (url, printed) = printed.split_once('\'').expect("an address");
    let (_, printed) = printed.split_once("-H 'X-PARTNER-API-KEY: ").expect("a key");
    let (key, printed) = printed.split_once('\'').expect("a key");
    let (_, printed) = printed.split_once("-d '").expect("a body");
    let (body, _) = printed.split_once('\'').expect("a body");
    let call = app.anonymous().call("POST", url).header("x-partner-api-key", key);
    let answer = call
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
        .await;
    assert_eq!(app.anonymous().get(&login_url(&answer)).await.status, 200);
}

async fn serve_shows_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in ["/", "/?x=1"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.status, 404);
        assert!(!answer.page().contains("abp_"), "{answer:?}");
    }
    let posted = app.anonymous().submit("/", "").await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET,HEAD"));
}
