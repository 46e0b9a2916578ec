//! `POST /api/v{1,2}/account/create`

use aboard::domain::RefreshToken;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, WHATSAPP};
use crate::support::store::race;
use crate::support::wallets::{address, bearer, claims, data_of, refused, text};

on_both! {
    a_wallet_is_made_and_the_next_log_in_finds_it,
    of_two_who_make_one_at_once_both_have_the_same,
    an_answer_that_was_lost_loses_no_wallet,
    an_old_access_token_gets_no_secret_of_a_wallet_that_is_in_use,
    a_shared_wallet_waits_for_its_secret_and_is_made_afresh_until_then,
    version_1_shows_one_address_and_ends_its_token_when_asked,
    the_link_opens_the_file_for_five_minutes,
    nothing_at_rest_opens_a_shared_wallet,
    a_token_that_is_none_makes_nothing,
    a_key_for_repeating_names_what_was_made,
}

const CREATE: &str = "/api/v2/account/create";

async fn a_wallet_is_made_and_the_next_log_in_finds_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let secret = text(&made, "secret0");
    assert!(secret.starts_with("xw0.1."), "{secret}");
    assert_eq!(
        (&made["custody"], &made["isCustodian"]),
        (&json!("server"), &json!(true))
    );
    assert!(address(&made, "evm").starts_with("0x"));
    assert!(
        address(&made, "bitcoin").starts_with("tb1q"),
        "a sandbox has test money"
    );
    assert!(text(&made, "refreshToken").starts_with("abr_"));
    let said = claims(&text(&made, "walletToken"));
    assert_eq!(said["address"], made["address"]);
    assert_eq!(
        (
            &said["version"],
            &said["email"],
            &said["provider"],
            &said["mode"],
            &said["isPermissionGranted"]
        ),
        (
            &json!(2),
            &json!("ada@example.com"),
            &json!("email"),
            &json!("server"),
            &json!(true)
        )
    );
    assert_eq!(said["uid"], said["sub"]);
    let page = said["acceptPermissionPage"].as_str().unwrap();
    assert!(page.starts_with(&format!("{}/consent/", app.app.url)), "{page}");

    let again = app.enter(EMAIL, &shop).await;
    assert_eq!(again["isWalletCreated"], json!(true));
    assert_eq!(again["addresses"], made["address"]);
    assert_eq!(again.get("accessToken"), None);
    assert_eq!(again.get("address"), None, "version 1 alone has it");
    for field in ["walletToken", "refreshToken"] {
        assert_ne!(again[field], made[field]);
    }
    // Somebody else has none.
    let other = app.enter(EMAIL.with("bob@example.com"), &shop).await;
    assert_eq!(other["isWalletCreated"], json!(false));
}

async fn of_two_who_make_one_at_once_both_have_the_same(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = text(&app.enter(EMAIL, &shop).await, "accessToken");
    let person = bearer(&shop, &access);
    let answers = race(4, |_| {
        let person = person.clone();
        async move { person.post(CREATE, &json!({})).await }
    })
    .await;
    let made: Vec<Value> = answers.iter().map(data_of).collect();
    for one in &made {
        assert_eq!(one["address"], made[0]["address"]);
    }
    assert_eq!(app.count("wallets").await, 1);
    // Each answer's own secret is good, until one is proven.
    let chosen = text(&made[3], "secret0");
    let token = text(&app.refresh(&shop, &made[3]).await, "walletToken");
    let proven = bearer(&shop, &token)
        .post("/api/v2/wallet/unlock", &json!({ "secret": chosen }))
        .await;
    assert_eq!(data_of(&proven)["address"], made[0]["address"]);
    assert_eq!(app.count("wallet_secrets").await, 1);
}

async fn an_answer_that_was_lost_loses_no_wallet(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = text(&app.enter(EMAIL, &shop).await, "accessToken");
    let lost = data_of(&bearer(&shop, &access).post(CREATE, &json!({})).await);
    let again = data_of(&bearer(&shop, &access).post(CREATE, &json!({})).await);
    assert_eq!(again["address"], lost["address"]);
    assert_ne!(again["secret0"], lost["secret0"]);
    // Once somebody has shown that the answer arrived, there is no other secret to be had by a log-in alone.
    let token = text(&again, "walletToken");
    let secret = json!({ "secret": again["secret0"] });
    data_of(&bearer(&shop, &token).post("/api/v2/wallet/unlock", &secret).await);
    let message = refused(&bearer(&shop, &access).post(CREATE, &json!({})).await, 409);
    assert!(message.contains("has a wallet already"), "{message}");
}

async fn an_old_access_token_gets_no_secret_of_a_wallet_that_is_in_use(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = bearer(&shop, &text(&app.enter(EMAIL, &shop).await, "accessToken"));
    let made = data_of(&access.post(CREATE, &json!({})).await);
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let message = json!({ "network": "ethereum-sepolia", "message": "hello" });
    data_of(&wallet.post("/api/v2/wallet/sign-message", &message).await);
    let said = refused(&access.post(CREATE, &json!({})).await, 409);
    assert!(said.contains("has a wallet already"), "{said}");
    // A token that lives for hours, of version 1, is a use as well.
    let way = crate::support::codes::Way {
        login: "/api/v1/auth/login-otp",
        verify: "/api/v1/auth/verify-otp",
        ..EMAIL.with("bob@example.com")
    };
    let access = bearer(&shop, &text(&app.enter(way, &shop).await, "accessToken"));
    let made = data_of(&access.post("/api/v1/account/create", &json!({})).await);
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    data_of(&wallet.get("/api/v1/wallet/address").await);
    refused(&access.post("/api/v1/account/create", &json!({})).await, 409);
    // An answer is not lost for long.
    let third = app.enter(EMAIL.with("eve@example.com"), &shop).await;
    let access = bearer(&shop, &text(&third, "accessToken"));
    data_of(&access.post(CREATE, &json!({})).await);
    app.advance(60);
    data_of(&access.post(CREATE, &json!({})).await);
    app.advance(1);
    refused(&access.post(CREATE, &json!({})).await, 409);
    assert_eq!(app.count("wallet_secrets").await, 4);
}

async fn a_shared_wallet_waits_for_its_secret_and_is_made_afresh_until_then(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let body = json!({ "isCustodian": false });
    let first = app.new_wallet(EMAIL, &shop, body.clone()).await;
    assert_eq!(
        (&first["custody"], &first["isCustodian"], &first["address"]),
        (&json!("shared"), &json!(false), &json!([]))
    );
    let entered = app.enter(EMAIL, &shop).await;
    assert_eq!(entered["isWalletCreated"], json!(false), "nobody has it yet");
    let access = text(&entered, "accessToken");
    let second = data_of(&bearer(&shop, &access).post(CREATE, &body).await);
    assert_eq!(app.count("wallets").await, 1);
    // The first one's tokens and secret are of a wallet that is no more.
    let old = bearer(&shop, &text(&first, "walletToken"));
    refused(
        &old.post("/api/v2/wallet/unlock", &json!({ "secret": first["secret0"] }))
            .await,
        401,
    );
    let new = bearer(&shop, &text(&second, "walletToken"));
    let opened = data_of(
        &new.post("/api/v2/wallet/unlock", &json!({ "secret": second["secret0"] }))
            .await,
    );
    assert!(address(&opened, "evm").starts_with("0x"));
    let entered = app.enter(EMAIL, &shop).await;
    assert_eq!(
        (&entered["isWalletCreated"], &entered["custody"], &entered["addresses"]),
        (&json!(true), &json!("shared"), &opened["address"])
    );
}

async fn version_1_shows_one_address_and_ends_its_token_when_asked(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let way = crate::support::codes::Way {
        login: "/api/v1/auth/login-otp",
        verify: "/api/v1/auth/verify-otp",
        ..EMAIL
    };
    let access = text(&app.enter(way, &shop).await, "accessToken");
    let person = bearer(&shop, &access);
    let over = json!({ "expireDate": "2001-01-31" });
    refused(&person.post("/api/v1/account/create", &over).await, 400);
    refused(&person.post(CREATE, &json!({})).await, 401);
    let made = data_of(
        &person
            .post("/api/v1/account/create", &json!({ "expiredDate": "2100-01-31" }))
            .await,
    );
    let token = text(&made, "walletToken");
    assert!(text(&made, "address").starts_with("0x"));
    assert_eq!(made.get("refreshToken"), None);
    let said = claims(&token);
    let life = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
    assert_eq!((life, &said["version"]), (24 * 3_600, &json!(1)));
    // It opens its own routes, any number of times, until it ends.
    let wallet = bearer(&shop, &token);
    let message = json!({ "network": "ethereum-sepolia", "message": "hello" });
    for _ in 0..2 {
        assert_eq!(
            data_of(&wallet.get("/api/v1/wallet/address").await)["address"],
            made["address"]
        );
        data_of(&wallet.post("/api/v1/wallet/sign-message", &message).await);
    }
    refused(&wallet.post("/api/v2/wallet/sign-message", &message).await, 401);
    app.advance(24 * 3_600);
    refused(&wallet.get("/api/v1/wallet/address").await, 401);
}

async fn the_link_opens_the_file_for_five_minutes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let link = text(&made, "secret0Link");
    let path = link
        .strip_prefix(&app.app.url)
        .expect("an address of this server")
        .to_owned();
    for _ in 0..3 {
        let file = app.anonymous().get(&path).await;
        assert_eq!(file.status, 200);
        assert!(file.text().contains(&text(&made, "secret0")), "{}", file.text());
        assert!(file.header("content-disposition").ends_with(".xellar\""));
        assert_eq!(file.header("cache-control"), "no-store");
    }
    let mut wrong = path.clone();
    wrong.truncate(path.len() - 1);
    wrong.push(if path.ends_with('A') { 'B' } else { 'A' });
    assert_eq!(app.anonymous().get(&wrong).await.status, 404);
    app.advance(5 * 60);
    assert_eq!(app.anonymous().get(&path).await.status, 404);
    app.advance(1);
    app.instance().store.sweep(app.system(), app.now()).await.unwrap();
    assert_eq!(app.count("secret_links").await, 0);
}

/// Whoever holds the database and every key of the server, and no token of the person's.
async fn nothing_at_rest_opens_a_shared_wallet(engine: Engine) {
    use aboard_vault::wallet::{Place, SealedWallet, UserHalf, WalletError};
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({ "isCustodian": false })).await;
    let wallet = bearer(&shop, &text(&made, "walletToken"));
    let open = data_of(
        &wallet
            .post("/api/v2/wallet/unlock", &json!({ "secret": made["secret0"] }))
            .await,
    );
    let said = claims(&text(&open, "walletToken"));
    let riding = said["half"].as_str().expect("the half rides along").to_owned();
    let store = &app.instance().store;
    let scope = store
        .app(said["app"].as_str().unwrap().parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .public_scope();
    let user = said["uid"].as_str().unwrap().parse().unwrap();
    let stolen = store
        .wallet_of(&scope, user, app.now())
        .await
        .unwrap()
        .expect("it is there")
        .wallet;
    let place = Place {
        environment: stolen.environment.bytes(),
        user: stolen.user.bytes(),
        wallet: stolen.id.bytes(),
    };
    let columns = SealedWallet::from_columns(stolen.key, stolen.body).unwrap();
    let kms = app.instance().vault.kms();
    assert!(matches!(
        columns.open(kms, &place, None).err(),
        Some(WalletError::NeedsUserHalf)
    ));
    // What rides with a token opens with what only the token carries, which is at rest nowhere.
    let token = said["jti"].as_str().unwrap().parse().unwrap();
    let sealed = store
        .take_half(&scope, token, app.now())
        .await
        .unwrap()
        .expect("it rides");
    let carried: [u8; 32] = URL_SAFE_NO_PAD.decode(riding).unwrap().try_into().unwrap();
    let half = UserHalf::open(&carried, &place, &sealed).expect("the token opens it");
    assert!(columns.open(kms, &place, Some(&half)).unwrap().evm().is_ok());
    let refresh = RefreshToken::parse(&text(&open, "refreshToken")).unwrap();
    let sealed = store
        .take_half(&scope, refresh.id(), app.now())
        .await
        .unwrap()
        .expect("it rides");
    for at_rest in [refresh.hash(), [0; 32]] {
        assert!(UserHalf::open(&at_rest, &place, &sealed).is_err());
    }
}

async fn a_token_that_is_none_makes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = text(&app.enter(WHATSAPP, &shop).await, "accessToken");
    refused(&shop.post(CREATE, &json!({})).await, 401);
    refused(&bearer(&shop, "nonsense").post(CREATE, &json!({})).await, 401);
    refused(&bearer(&app.anonymous(), &access).post(CREATE, &json!({})).await, 401);
    let (other, _) = app.other_shop().await;
    refused(&bearer(&other, &access).post(CREATE, &json!({})).await, 401);
    refused(
        &bearer(&shop, &access).post("/api/v1/account/create", &json!({})).await,
        401,
    );
    app.advance(3_600);
    refused(&bearer(&shop, &access).post(CREATE, &json!({})).await, 401);
    assert_eq!(app.count("wallets").await, 0);
}

async fn a_key_for_repeating_names_what_was_made(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = text(&app.enter(EMAIL, &shop).await, "accessToken");
    let person = bearer(&shop, &access).with("idempotency-key", "once");
    let made = data_of(&person.post(CREATE, &json!({})).await);
    let message = refused(&person.post(CREATE, &json!({})).await, 409);
    assert!(
        message.contains(&text(&claims(&text(&made, "walletToken")), "wid")),
        "{message}"
    );
    refused(&person.post(CREATE, &json!({ "isCustodian": true })).await, 422);
    assert_eq!(app.count("wallet_secrets").await, 1);
}
