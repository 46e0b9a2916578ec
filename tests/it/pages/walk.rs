//! A real Chromium walks a login link, as the person who clicks it would: a look by a scanner first, a reload,
//! then the click. And the page of a join, on a phone without scripts. It also finds what no other client here would: policies that a browser enforces.

use std::process::Command;

use aboard_fakes::Receiver;
use serde_json::{Value, json};

use crate::support::app::{Engine, Setup, TestApp, login_url, user_with};

/// Walks a link, and answers where the browser landed and with which cookies.
async fn walk(job: Value) -> Value {
    run("tests/node/walk-link.mjs", job).await
}

async fn run(script: &'static str, job: Value) -> Value {
    let node = move || {
        let mut node = Command::new("node");
        node.arg(script)
            .arg(job.to_string())
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("ABOARD_CHROMIUM").is_none() {
            node.env("ABOARD_CHROMIUM", "/usr/bin/chromium");
        }
        node.output().expect("node is there, as `make test` sees to")
    };
    let output = tokio::task::spawn_blocking(node).await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("one line of JSON")
}

/// The session cookie as a browser keeps it.
fn cookie(app: &TestApp) -> Value {
    json!({
        "name": format!("__Host-aboard-{}", app.sandbox.environment.id), "domain": "127.0.0.1", "path": "/",
        "secure": true, "http_only": true, "same_site": "Lax", "session": false,
    })
}

// One engine is enough: a browser cannot tell them apart, and takes long to start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_lands_at_the_return_url_with_and_without_javascript() {
    let product = Receiver::start().await.expect("a free port");
    let back = product.url("/back?from=aboard");
    let setup = Setup {
        settings: &[("login.return_urls", &json!([back]).to_string())],
        // Chromium compares the life of a cookie with its own clock.
        starts_at: Some(aboard::clock::Clock::System.now()),
        ..Setup::default()
    };
    let app = TestApp::set_up(Engine::Sqlite, setup).await;
    for javascript in [true, false] {
        let fields = json!({ "state": "s 1" });
        let link = login_url(
            &app.partner()
                .post("/api/v1/external_login", &user_with("ada", &fields))
                .await,
        );
        let job = json!({ "login_url": link, "expect_origin": back, "javascript": javascript });
        let landed = walk(job).await;
        let url = url::Url::parse(landed["url"].as_str().expect("an address")).expect("an address");
        let code = url
            .query_pairs()
            .find(|(name, _)| name == "code")
            .expect("a code")
            .1
            .into_owned();
        assert_eq!(landed["url"], json!(format!("{back}&code={code}&state=s+1")));
        assert_eq!(
            (&landed["status"], &landed["cookies"]),
            (&json!(200), &json!([cookie(&app)]))
        );
        let exchanged = app
            .server()
            .post("/v1/login_codes/exchange", &json!({ "code": code }))
            .await;
        assert_eq!(exchanged.json()["data"]["partner"]["partner_user_id"], "ada");
    }
    // The link is a secret: the product is told our origin at most.
    let told: Vec<_> = product
        .requests()
        .into_iter()
        .filter(|request| request.path.starts_with("/back"))
        .collect();
    assert_eq!(told.len(), 2);
    assert!(
        told.iter().all(|request| request.header("referer").is_none()),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_lands_at_the_account_page_where_there_is_no_return_url() {
    let setup = Setup {
        starts_at: Some(aboard::clock::Clock::System.now()),
        ..Setup::default()
    };
    let app = TestApp::set_up(Engine::Sqlite, setup).await;
    let job = json!({ "login_url": app.link("ada").await, "expect_origin": app.app.url });
    let landed = walk(job).await;
    let account = json!({ "url": format!("{}/account", app.app.url), "cookies": [cookie(&app)], "status": 200 });
    assert_eq!(landed, account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_joins_two_accounts_on_a_phone_without_javascript() {
    let setup = Setup {
        starts_at: Some(aboard::clock::Clock::System.now()),
        ..Setup::default()
    };
    let app = TestApp::set_up(Engine::Sqlite, setup).await;
    let two = app.two_accounts().await;
    let job = json!({
        "join_url": two.url, "inbox": format!("{}/v1/inbox", app.app.url), "server_key": app.sandbox.server_key,
        "codes": ["+1234567890", "ada@example.com"], "language": "ar",
    });
    let messages = app.app.messages.clone();
    let sending = async move {
        let mut often = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            often.tick().await;
            messages.run_due().await;
        }
    };
    let landed = tokio::select! {
        landed = run("tests/node/walk-join.mjs", job) => landed,
        () = sending => unreachable!("it never ends"),
    };
    assert_eq!(
        landed,
        json!({ "heading": "تم دمج الحسابين", "language": "ar", "direction": "rtl" })
    );
    let joined = app.server().get(&format!("/v1/users/{}", two.first)).await;
    assert_eq!(joined.json()["data"]["user_id"], json!(two.second));
}
