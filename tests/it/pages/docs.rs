//! `GET /docs`: the reference of the API.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::{Engine, Setup, TestApp};
use crate::support::reference::operations;

/// Nothing here depends on the engine.
async fn app(welcome: bool) -> TestApp {
    let setup = Setup {
        settings: &[("server.docs", "true")],
        welcome,
        ..Setup::default()
    };
    TestApp::set_up(Engine::Sqlite, setup).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_names_every_operation_and_lets_no_other_host_in() {
    let app = app(false).await;
    let answer = app.anonymous().get("/docs").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    for operation in operations() {
        let shown = format!("{} {}", operation.method, operation.path);
        assert!(answer.text().contains(&shown), "{shown}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(
        policy.contains(&format!("connect-src 'self' {};", app.app.url)),
        "{policy}"
    );
    assert!(!policy.contains("unsafe-eval"), "{policy}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_filled_in_for_dev_alone() {
    for (welcome, shown) in [(true, true), (false, false)] {
        let app = app(welcome).await;
        let page = app.anonymous().get("/docs").await;
        let keys = [&app.sandbox.partner.created.partner_key, &app.sandbox.server_key];
        let has_reader = page.text().contains("/docs/reader.js");
        for key in keys {
            assert_eq!(page.text().contains(key.as_str()), shown && has_reader);
        }
        assert!(!page.text().contains("_live_"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_reads_it_with_nothing_from_elsewhere_on_a_phone_as_on_a_desk() {
    let app = app(true).await;
    let page = app.anonymous().get("/docs").await;
    if !page.text().contains("/docs/reader.js") {
        // Built without the reader: the plain index says how to get it.
        assert!(page.text().contains("make reference"));
        return;
    }
    for width in [390, 1280] {
        let job = json!({ "url": format!("{}/docs", app.app.url), "width": width }).to_string();
        let node = move || {
            let mut node = Command::new("node");
            node.arg("tests/node/read-docs.mjs")
                .arg(job)
                .current_dir(env!("CARGO_MANIFEST_DIR"));
            if std::env::var_os("ABOARD_CHROMIUM").is_none() {
                node.env("ABOARD_CHROMIUM", "/usr/bin/chromium");
            }
            node.output().expect("node is there, as `make test` sees to")
        };
        let output = tokio::task::spawn_blocking(node).await.expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let seen: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
        let host = app.app.url.trim_start_matches("http://");
        assert_eq!((&seen["hosts"], &seen["complaints"]), (&json!([host]), &json!([])));
        assert!(seen["wide"].as_i64() <= Some(width), "{width}: {}", seen["wide"]);
        let text = seen["text"].as_str().expect("a text");
        assert!(text.contains("Create a user or log one in"), "{text}");
    }
}
