//! Who proves itself by what the body holds, or by nothing, sends little.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both, user};
use crate::support::client::Client;
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, text};

on_both! {
    a_body_that_anybody_may_send_is_small,
    a_body_behind_a_key_may_be_large,
    a_body_for_a_wallet_is_read_behind_its_token,
}

const SMALL: usize = 16 << 10;

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
