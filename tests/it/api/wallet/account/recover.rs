//! `POST /api/v{1,2}/account/recover`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::wallets::{address, bearer, claims, data_of, refused, text};

on_both! {
    the_file_moves_the_wallet_to_another_log_in,
    the_old_secret_works_until_the_new_one_is_proven,
    a_shared_wallet_moves_with_its_half,
    whatever_is_no_good_secret_moves_nothing,
    a_log_in_with_a_wallet_gets_no_other,
    a_frozen_wallet_moves_nowhere,
}

const RECOVER: &str = "/api/v2/account/recover";
const OTHER: crate::support::codes::Way = EMAIL.with("bob@example.com");

async fn access(app: &TestApp, shop: &Client) -> Client {
    bearer(shop, &text(&app.enter(OTHER, shop).await, "accessToken"))
}

async fn upload(person: &Client, file: &str) -> Answer {
    let body = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"mine.xellar\"\r\nContent-Type: application/octet-stream\r\n\r\n{file}\r\n--boundary--\r\n"
    );
    let call = person.call("POST", RECOVER);
    call.header("content-type", "multipart/form-data; boundary=boundary")
        .body(body)
        .send()
        .await
}

async fn the_file_moves_the_wallet_to_another_log_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let link = text(&made, "secret0Link");
    let file = app
        .anonymous()
        .get(link.strip_prefix(&app.app.url).unwrap())
        .await
        .text()
        .to_owned();
    app.advance(1);
    let person = access(&app, &shop).await;
    let moved = data_of(&upload(&person, &file).await);
    assert_eq!(moved["address"], made["address"]);
    assert_ne!(moved["secret0"], made["secret0"]);
    let signed = json!({ "network": "ethereum-sepolia", "message": "mine" });
    data_of(
        &bearer(&shop, &text(&moved, "walletToken"))
            .post("/api/v2/wallet/sign-message", &signed)
            .await,
    );
    // Nothing of the log-in that had it works any more.
    let old = bearer(&shop, &text(&made, "walletToken"));
    refused(&old.post("/api/v2/wallet/sign-message", &signed).await, 401);
    let refresh = json!({ "refreshToken": made["refreshToken"] });
    refused(&shop.post("/api/v2/wallet/refresh", &refresh).await, 401);
    assert_eq!(
        app.anonymous()
            .get(link.strip_prefix(&app.app.url).unwrap())
            .await
            .status,
        404
    );
    // The two are as they should be: one has the wallet, the other has none.
    assert_eq!(app.enter(OTHER, &shop).await["addresses"], made["address"]);
    assert_eq!(app.enter(EMAIL, &shop).await["isWalletCreated"], json!(false));
}

async fn the_old_secret_works_until_the_new_one_is_proven(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let person = access(&app, &shop).await;
    let old = json!({ "file": made["secret0"] });
    let lost = data_of(&person.post(RECOVER, &old).await);
    // The answer was lost: the same again.
    let moved = data_of(&person.post(RECOVER, &old).await);
    assert_eq!(moved["address"], made["address"]);
    let token = text(&moved, "walletToken");
    let proof = json!({ "secret": moved["secret0"] });
    data_of(&bearer(&shop, &token).post("/api/v2/wallet/unlock", &proof).await);
    for dead in [&made, &lost] {
        let message = refused(&person.post(RECOVER, &json!({ "file": dead["secret0"] })).await, 403);
        assert!(message.contains("newer one has replaced it"), "{message}");
    }
}

async fn a_shared_wallet_moves_with_its_half(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "isCustodian": false })).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let open = data_of(
        &wallet
            .post("/api/v2/wallet/unlock", &json!({ "secret": made["secret0"] }))
            .await,
    );
    let person = access(&app, &shop).await;
    let moved = data_of(&person.post(RECOVER, &json!({ "file": made["secret0"] })).await);
    assert_eq!(
        (&moved["address"], &moved["custody"]),
        (&open["address"], &json!("shared"))
    );
    let sign = async |secret: &str, moved: &serde_json::Value| {
        let body = json!({ "network": "ethereum-sepolia", "message": "mine", "secret": secret });
        let wallet = bearer(&shop, &text(moved, "walletToken"));
        wallet.post("/api/v2/wallet/sign-message", &body).await
    };
    // The new secret was lost with its answer: the old one still opens what it opened, and is the wallet's again.
    let by_old = data_of(&sign(&text(&made, "secret0"), &moved).await);
    let token = app.refresh(&shop, &moved).await;
    refused(&sign(&text(&moved, "secret0"), &token).await, 403);
    let token = app.refresh(&shop, &token).await;
    assert_eq!(data_of(&sign(&text(&made, "secret0"), &token).await), by_old);
}

async fn whatever_is_no_good_secret_moves_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let another = app.new_wallet(EMAIL.with("eve@example.com"), &shop, json!({})).await;
    let person = access(&app, &shop).await;
    let secret = text(&made, "secret0");
    for (file, status, said) in [
        (json!({}), 400, "FormData as JSON"),
        (json!(null), 400, "file is required"),
        (json!("not a secret"), 400, "no recovery secret"),
        (json!(secret[..secret.len() - 1]), 400, "damaged"),
    ] {
        let message = refused(&person.post(RECOVER, &json!({ "file": file })).await, status);
        assert!(message.contains(said), "{message}");
        assert!(!message.contains(&secret[6..40]), "{message}");
    }
    let pin = json!({ "file": secret, "pin": "12345" });
    assert!(refused(&person.post(RECOVER, &pin).await, 400).contains("six digits"));
    refused(&upload(&person, "not a secret").await, 400);
    let form = person
        .call("POST", RECOVER)
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x");
    refused(&form.send().await, 400);
    assert_eq!(app.enter(EMAIL, &shop).await["addresses"], made["address"]);
    assert_ne!(made["address"], another["address"]);
}

async fn a_log_in_with_a_wallet_gets_no_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let person = access(&app, &shop).await;
    data_of(&person.post("/api/v2/account/create", &json!({})).await);
    let message = refused(&person.post(RECOVER, &json!({ "file": made["secret0"] })).await, 409);
    assert!(message.contains("has a wallet already"), "{message}");
    assert_eq!(address(&app.enter(EMAIL, &shop).await, "evm"), address(&made, "evm"));
}

async fn a_frozen_wallet_moves_nowhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let wallet = text(&claims(&text(&made, "walletToken")), "wid").parse().unwrap();
    let environment = app.sandbox.environment.id;
    let (store, admin) = (&app.instance().store, app.admin());
    assert!(
        store
            .set_wallet_frozen(&admin, environment, wallet, true, app.now())
            .await
            .unwrap()
    );
    let person = access(&app, &shop).await;
    let body = json!({ "file": made["secret0"] });
    assert!(refused(&person.post(RECOVER, &body).await, 403).contains("frozen"));
    let sign = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let message = refused(
        &bearer(&shop, &text(&made, "walletToken"))
            .post("/api/v2/wallet/sign-message", &sign)
            .await,
        403,
    );
    assert!(message.contains("frozen"), "{message}");
    assert!(
        store
            .set_wallet_frozen(&admin, environment, wallet, false, app.now())
            .await
            .unwrap()
    );
    data_of(&person.post(RECOVER, &body).await);
}
