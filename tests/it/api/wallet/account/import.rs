//! `POST /api/v2/account/import`

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;
use crate::support::codes::EMAIL;
use crate::support::wallets::{address, bearer, claims, data_of, refused, text};

on_both! {
    a_phrase_gives_the_addresses_that_every_wallet_shows_for_it,
    what_is_no_phrase_is_refused_and_told_apart,
    a_lost_answer_is_made_up_for_by_the_same_phrase_alone,
}

const PHRASE: &str = "test test test test test test test test test test test junk";
const IMPORT: &str = "/api/v2/account/import";

async fn arrived(app: &TestApp, shop: &Client) -> Client {
    bearer(shop, &text(&app.enter(EMAIL, shop).await, "accessToken"))
}

async fn a_phrase_gives_the_addresses_that_every_wallet_shows_for_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = data_of(
        &arrived(&app, &shop)
            .await
            .post(IMPORT, &json!({ "phrase": PHRASE }))
            .await,
    );
    assert_eq!(address(&made, "evm"), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    assert_eq!(address(&made, "solana"), "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96");
    let hello = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    data_of(&wallet.post("/api/v2/wallet/sign-message", &hello).await);
    assert_eq!(app.count("events where type = 'wallet.created'").await, 1);
    // A shared one is nobody's until its secret is proven.
    let other = app.enter(EMAIL.with("bob@example.com"), &shop).await;
    let body = json!({ "phrase": PHRASE.to_uppercase(), "isCustodian": false });
    let shared = data_of(&bearer(&shop, &text(&other, "accessToken")).post(IMPORT, &body).await);
    assert_eq!(shared["address"], json!([]));
    let unlock = json!({ "secret": shared["secret0"] });
    let open = bearer(&shop, &text(&shared, "walletToken"))
        .post("/api/v2/wallet/unlock", &unlock)
        .await;
    assert_eq!(address(&data_of(&open), "evm"), address(&made, "evm"));
}

async fn what_is_no_phrase_is_refused_and_told_apart(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let person = arrived(&app, &shop).await;
    for (phrase, said) in [
        (json!(null), "required"),
        (json!("test test test"), "12, 15, 18, 21 or 24 words"),
        (json!(PHRASE.replace("junk", "jnuk")), "word 12"),
        (json!(PHRASE.replace("junk", "test")), "do not fit together"),
    ] {
        let why = refused(&person.post(IMPORT, &json!({ "phrase": phrase })).await, 400);
        assert!(why.contains(said) && !why.contains("jnuk"), "{why}");
    }
    refused(&shop.post(IMPORT, &json!({ "phrase": PHRASE })).await, 401);
    assert_eq!(app.count("wallets").await, 0);
}

async fn a_lost_answer_is_made_up_for_by_the_same_phrase_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let person = arrived(&app, &shop).await;
    let import = async |phrase: &str| person.post(IMPORT, &json!({ "phrase": phrase })).await;
    let first = data_of(&import(PHRASE).await);
    let again = data_of(&import(PHRASE).await);
    let wallet = |made: &Value| claims(&text(made, "walletToken"))["wid"].clone();
    assert_eq!(wallet(&first), wallet(&again));
    assert_ne!(first["secret0"], again["secret0"]);
    let other = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    refused(&import(other).await, 409);
}
