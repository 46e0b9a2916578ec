//! Who proves itself by what the body holds, or by nothing, sends little.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, login_url, on_both, user};
use crate::support::client::Client;
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, text};

on_both! {
    a_body_that_anybody_may_send_is_small,
    a_body_behind_a_key_may_be_large,
    a_body_for_a_wallet_is_read_behind_its_token,
    an_operation_takes_what_it_needs,
    large_bodies_of_one_address_have_a_bound,
}

const SMALL: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(20);

/// A JSON body of just this length.
fn padded(body: &Value, length: usize) -> String {
    let mut text = body.to_string();
    text.push_str(&" ".repeat(length - text.len()));
    text
}

async fn send(client: &Client, path: &str, body: String) -> (u16, String) {
    let call = client.call("POST", path).header("content-type", "application/json");
    let answer = call.body(body).send().await;
    (answer.status, answer.text().to_owned())
}

async fn a_body_that_anybody_may_send_is_small(engine: Engine) {
    let app = TestApp::start(engine).await;
    let link = app.link("ada").await;
    let client = app.shop().await;
    let before = app.contents().await;
    for (path, client, shape) in [
        (EMAIL.login, &client, r#"{"status":413,"message":"#),
        (EMAIL.verify, &client, r#"{"status":413,"message":"#),
        ("/api/v2/wallet/refresh", &client, r#"{"status":413,"message":"#),
        ("/api/v2/wallet/unlock", &client, r#"{"status":413,"message":"#),
        (
            "/api/v2/wallet/refresh-rampable",
            &client,
            r#"{"status":413,"message":"#,
        ),
        ("/api/v2/account/create", &client, r#"{"status":413,"message":"#),
        ("/api/v1/account/recover", &client, r#"{"status":413,"message":"#),
        (
            "/api/v2/account/rampable/create",
            &client,
            r#"{"status":413,"message":"#,
        ),
        ("/api/v1/login", &app.anonymous(), r#"{"errors":[{"status":"413""#),
        (
            "/v1/login_codes/exchange",
            &app.server(),
            r#"{"success":false,"error":{"code":"PAYLOAD_TOO_LARGE""#,
        ),
        (&*link, &app.browser(), "<!doctype html>"),
    ] {
        let (status, text) = send(client, path, padded(&json!({}), SMALL + 1)).await;
        assert_eq!(status, 413, "{path}: {text}");
        assert!(text.starts_with(shape), "{path}: {text}");
        // One byte fewer is read, and refused for what it says.
        if path != link {
            let (status, text) = send(client, path, padded(&json!({}), SMALL)).await;
            assert!(
                (400..=422).contains(&status) && status != 413,
                "{path}: {status} {text}"
            );
        }
    }
    assert_eq!(app.contents().await, before);
    let (status, _) = send(&app.browser(), &link, padded(&json!({}), SMALL)).await;
    assert_eq!(status, 303);
}

async fn a_body_behind_a_key_may_be_large(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = padded(&user("ada"), SMALL + 1);
    assert_eq!(send(app.partner(), "/api/v1/external_login", body).await.0, 200);
}

async fn a_body_for_a_wallet_is_read_behind_its_token(engine: Engine) {
    const SIGN: &str = "/api/v2/wallet/sign-message";
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let message = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let large = || padded(&message, SMALL + 1);
    // What cannot be read is not looked at where nobody has shown a token of the app's.
    for stranger in [
        shop.clone(),
        bearer(&shop, "nonsense"),
        bearer(&app.shop().await, &text(&made, "walletToken")),
    ] {
        for body in [large(), "{".to_owned()] {
            assert_eq!(send(&stranger, SIGN, body).await.0, 401);
        }
    }
    // And none of that has spent it.
    let owner = bearer(&shop, &text(&made, "walletToken"));
    let (status, said) = send(&owner, SIGN, large()).await;
    assert_eq!(status, 200, "{said}");
}

async fn an_operation_takes_what_it_needs(engine: Engine) {
    const MIDDLING: usize = 64 << 10;
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let mut made = app.new_wallet(EMAIL, &shop, json!({})).await;
    for (path, length, expected) in [
        ("sign-message", MIDDLING, 200),
        ("sign-message", MIDDLING + 1, 413),
        ("sign-hash", MIDDLING + 1, 413),
        ("send-coin", MIDDLING + 1, 413),
        // Without its document, but read.
        ("sign-typed-data", 1 << 20, 400),
        ("sign-transaction", 1 << 20, 400),
        ("sign-typed-data", (1 << 20) + 1, 413),
    ] {
        made = app.refresh(&shop, &made).await;
        let owner = bearer(&shop, &text(&made, "walletToken"));
        let message = json!({ "network": "ethereum-sepolia", "message": "hello" });
        let (status, said) = send(&owner, &format!("/api/v2/wallet/{path}"), padded(&message, length)).await;
        assert_eq!(status, expected, "{path} {length}: {said}");
    }
}

async fn large_bodies_of_one_address_have_a_bound(engine: Engine) {
    let app = TestApp::start(engine).await;
    let host = app.app.url.trim_start_matches("http://");
    let key = &app.sandbox.partner.created.partner_key;
    let length = 1_000_000;
    let head = format!(
        "POST /api/v1/external_login HTTP/1.1\r\nHost: {host}\r\nX-PARTNER-API-KEY: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    // Each wants for its last byte.
    let mut waiting = Vec::new();
    for _ in 0..18 {
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("it is taken");
        stream.write_all(&vec![b' '; length - 1]).await.expect("it is taken");
        waiting.push(stream);
    }
    let large = || padded(&user("ada"), length);
    let refused = timeout(PATIENCE, async {
        loop {
            let call = app.partner().call("POST", "/api/v1/external_login");
            let answer = call
                .header("content-type", "application/json")
                .body(large())
                .send()
                .await;
            if answer.status == 503 {
                break answer;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    });
    let refused = refused.await.expect("in time");
    assert_eq!(refused.header("retry-after"), "1");
    // What is small has room, and the others once these have gone.
    login_url(&app.partner().post("/api/v1/external_login", &user("bob")).await);
    drop(waiting);
    let again = timeout(PATIENCE, async {
        while send(app.partner(), "/api/v1/external_login", large()).await.0 != 200 {}
    });
    again.await.expect("in time");
}
