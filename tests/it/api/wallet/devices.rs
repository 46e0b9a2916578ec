//! Log-ins on devices that are not known, of people who have a wallet.

use aboard_fakes::Issuer;
use serde_json::json;

use super::auth::google::google;
use super::auth::register::{PASSWORD, register};
use super::auth::register_custody;
use crate::support::app::{Engine, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, SMS, Way};
use crate::support::devices::{DAY, HOUR, Home, SIGN, held, hello, log_in};
use crate::support::logins::{CLIENT_ID, Federation};
use crate::support::wallets::{bearer, claims, data_of, refused, text};

on_both! {
    a_new_device_is_told_to_the_persons_other_addresses,
    nobody_is_told_of_what_is_no_news,
    an_environment_may_have_neither_notices_nor_holds,
    a_log_in_on_a_new_device_reads_and_does_nothing_else_for_a_day,
    version_1_waits_as_well,
    a_hold_stays_with_its_device_whatever_comes_of_the_log_in,
    the_device_that_made_the_wallet_waits_for_nothing,
    a_device_is_one_users_and_one_addresss,
    a_held_log_in_moves_no_wallet_to_itself,
    an_environment_that_holds_no_more_lets_go,
    other_log_ins_have_devices_and_a_back_end_has_none,
}

async fn a_new_device_is_told_to_the_persons_other_addresses(engine: Engine) {
    let home = Home::new(engine, "").await;
    let (mut tokens, _) = home.strange(EMAIL).await;
    let [sms] = &home.told(SMS.to).await[..] else {
        panic!("one SMS")
    };
    assert!(sms.contains(&format!("{}/account", home.app.app.url)), "{sms}");
    assert!(home.told(EMAIL.to).await.is_empty(), "who just proved it knows");
    data_of(&home.signs(&mut tokens).await);
    assert_eq!(home.app.count("device_holds").await, 0);
    // Within an hour there is nothing more to say.
    home.strange(EMAIL).await;
    home.strange(SMS).await;
    assert_eq!((home.told(SMS.to).await.len(), home.told(EMAIL.to).await.len()), (1, 0));
    home.app.advance(HOUR);
    let when = home.app.now();
    home.strange(SMS).await;
    let mails = home.told(EMAIL.to).await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    let day = when.strftime("%Y-%m-%d").to_string();
    assert!(mail.contains("It was in Shop") && mail.contains(&day), "{mail}");
    assert_eq!(home.told(SMS.to).await.len(), 1);
}

async fn nobody_is_told_of_what_is_no_news(engine: Engine) {
    let home = Home::new(engine, "notify").await;
    let (_, again) = home.on(EMAIL, &home.device).await;
    assert_ne!(again, home.device, "a newer token of the same device");
    home.on(EMAIL, &again).await;
    // 90 days from the newest one, not from the first.
    home.app.advance(80 * DAY);
    let (_, later) = home.on(EMAIL, &again).await;
    home.app.advance(80 * DAY);
    home.on(EMAIL, &later).await;
    assert!(home.told(SMS.to).await.is_empty());
    // Somebody without a wallet has nothing that this would be about.
    let bob = EMAIL.with("bob@example.com");
    let (first, _) = home.strange(bob).await;
    let user = text(&claims(&text(&first, "accessToken")), "uid");
    home.app.prove(&user, "phone", "+306987654321").await;
    home.strange(bob).await;
    assert!(home.told("+306987654321").await.is_empty());
    // Nor is there anybody to tell where nothing else was proven.
    let carol = EMAIL.with("carol@example.com");
    home.app.new_wallet(carol, &home.shop, json!({})).await;
    home.strange(carol).await;
    assert_eq!(home.app.count("messages where notice = 'new_device'").await, 0);
    home.app.advance(91 * DAY);
    home.on(EMAIL, &later).await;
    assert_eq!(home.told(SMS.to).await.len(), 1, "a token that is too old");
}

async fn an_environment_may_have_neither_notices_nor_holds(engine: Engine) {
    let home = Home::new(engine, "off").await;
    let (mut tokens, _) = home.strange(EMAIL).await;
    data_of(&home.signs(&mut tokens).await);
    assert!(home.told(SMS.to).await.is_empty());
    assert_eq!(home.app.count("device_holds").await, 0);
}

async fn a_log_in_on_a_new_device_reads_and_does_nothing_else_for_a_day(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let (mut known, _) = home.on(EMAIL, &home.device).await;
    let (mut tokens, _) = home.strange(EMAIL).await;
    assert_eq!(home.told(SMS.to).await.len(), 1);
    let before = home.app.count("audit where action = 'wallet.key_used'").await;
    for path in [
        "sign-message",
        "sign-typed-data",
        "sign-transaction",
        "sign-authorization",
        "sign-hash",
        "send-coin",
        "send-token",
        "send-transaction",
        "transfer-erc721",
        "transfer-erc1155",
        "cancel-transaction",
        "export",
    ] {
        let path = format!("/api/v2/wallet/{path}");
        held(&home.app, &home.call(&mut tokens, &path, &hello()).await);
        // As with every refusal, the token is spent.
        let spent = bearer(&home.shop, &text(&tokens, "walletToken"));
        refused(&spent.post(&path, &hello()).await, 401);
    }
    assert_eq!(home.app.count("audit where action = 'wallet.key_used'").await, before);
    assert_eq!(home.app.count("sends").await, 0);
    // Nor is there an account for Rampable in it.
    home.app.set("login.rampable", "true").await;
    let account = json!({ "username": "ada", "fullName": "Ada Lovelace", "password": "correct horse battery" });
    let create = "/api/v2/account/rampable/create";
    held(&home.app, &home.call(&mut tokens, create, &account).await);
    data_of(&home.call(&mut known, create, &account).await);
    let (stranger, _) = home.strange(EMAIL).await;
    assert!(stranger.get("rampableAccessToken").is_none(), "{stranger}");
    assert!(
        home.on(EMAIL, &home.device)
            .await
            .0
            .get("rampableAccessToken")
            .is_some()
    );
    held(&home.app, &home.call(&mut tokens, create, &account).await);
    // Reads answer what they answer to any other device.
    let address = data_of(&home.call(&mut tokens, "/api/v2/wallet/address", &json!({})).await);
    assert_eq!(address["address"], home.made["address"]);
    let network = json!({ "network": "ethereum-sepolia", "transactionHash": format!("0x{}", "1".repeat(64)) });
    for path in [
        "balance-coin",
        "balance-token",
        "batch-balance-token",
        "estimate-gas",
        "transaction-detail",
    ] {
        let path = format!("/api/v2/wallet/{path}");
        let theirs = home.call(&mut known, &path, &network).await.whole();
        assert_ne!(theirs.0, 403);
        assert_eq!(home.call(&mut tokens, &path, &network).await.whole(), theirs);
    }
    data_of(&home.signs(&mut known).await);
    // A day later the same log-in does everything.
    home.app.advance(DAY);
    data_of(&home.signs(&mut tokens).await);
    home.app.advance(HOUR + 1);
    let store = &home.app.instance().store;
    store.sweep(home.app.system(), home.app.now()).await.unwrap();
    assert_eq!(home.app.count("device_holds").await, 0);
    data_of(&home.signs(&mut tokens).await);
}

async fn version_1_waits_as_well(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    home.app.advance(60);
    let old = Way {
        login: "/api/v1/auth/login-otp",
        verify: "/api/v1/auth/verify-otp",
        ..EMAIL
    };
    let (data, _) = home.strange(old).await;
    let wallet = bearer(&home.shop, &text(&data, "walletToken"));
    for _ in 0..2 {
        held(&home.app, &wallet.post("/api/v1/wallet/sign-message", &hello()).await);
    }
    data_of(&wallet.post("/api/v1/wallet/address", &json!({})).await);
}

async fn a_hold_stays_with_its_device_whatever_comes_of_the_log_in(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let (mut tokens, device) = home.strange(EMAIL).await;
    let until = held(&home.app, &home.signs(&mut tokens).await);
    // The recovery secret proves no address.
    let secret = json!({ "secret": home.made["secret0"] });
    let mut unlocked = data_of(&home.call(&mut tokens, "/api/v2/wallet/unlock", &secret).await);
    assert_eq!(held(&home.app, &home.signs(&mut unlocked).await), until);
    // Nor does another log-in begin another day, nor end this one; also at another app.
    home.app.advance(HOUR);
    let (mut again, newer) = home.on(EMAIL, &device).await;
    assert_eq!(held(&home.app, &home.signs(&mut again).await), until);
    let (other, _) = home.app.other_shop().await;
    let (elsewhere, _) = log_in(&home.app, EMAIL, &other.with("x-device-token", &newer)).await;
    let wallet = bearer(&other, &text(&elsewhere, "walletToken"));
    assert_eq!(held(&home.app, &wallet.post(SIGN, &hello()).await), until);
    // One that brings no token is another device.
    let (mut third, _) = home.strange(EMAIL).await;
    assert!(held(&home.app, &home.signs(&mut third).await) > until);
    home.app.advance(22 * HOUR);
    assert_eq!(held(&home.app, &home.signs(&mut again).await), until);
    home.app.advance(HOUR);
    for tokens in [&mut tokens, &mut unlocked, &mut again] {
        data_of(&home.signs(tokens).await);
    }
    let (mut settled, _) = home.on(EMAIL, &newer).await;
    data_of(&home.signs(&mut settled).await);
    held(&home.app, &home.signs(&mut third).await);
}

async fn the_device_that_made_the_wallet_waits_for_nothing(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let mut tokens = home.made.clone();
    data_of(&home.signs(&mut tokens).await);
    let (mut again, newer) = home.on(EMAIL, &home.device).await;
    data_of(&home.signs(&mut again).await);
    let (mut again, _) = home.on(EMAIL, &newer).await;
    data_of(&home.signs(&mut again).await);
    // Nor does one that a wallet was moved to with its secret.
    let bob = EMAIL.with("bob@example.com");
    let (first, device) = home.strange(bob).await;
    let file = json!({ "file": home.made["secret0"] });
    let person = bearer(&home.shop, &text(&first, "accessToken"));
    let mut moved = data_of(&person.post("/api/v2/account/recover", &file).await);
    data_of(&home.signs(&mut moved).await);
    let (mut again, _) = home.on(bob, &device).await;
    data_of(&home.signs(&mut again).await);
    let (mut strange, _) = home.strange(bob).await;
    held(&home.app, &home.signs(&mut strange).await);
}

async fn a_device_is_one_users_and_one_addresss(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let (_, bobs) = home.strange(EMAIL.with("bob@example.com")).await;
    home.app.advance(2 * DAY);
    let (mut by_bobs, _) = home.on(EMAIL, &bobs).await;
    held(&home.app, &home.signs(&mut by_bobs).await);
    let (mut by_phone, _) = home.on(SMS, &home.device).await;
    held(&home.app, &home.signs(&mut by_phone).await);
    // Whoever has the address later is somebody else.
    let (mut mine, device) = home.on(EMAIL, &home.device).await;
    data_of(&home.signs(&mut mine).await);
    let user = text(&claims(&text(&mine, "walletToken")), "uid");
    let erased = home.app.server().call("DELETE", &format!("/v1/users/{user}")).send();
    assert_eq!(erased.await.status, 200);
    assert_eq!(home.app.count("device_holds").await, 0);
    home.app.new_wallet(EMAIL, &home.shop, json!({})).await;
    let (mut old, _) = home.on(EMAIL, &device).await;
    held(&home.app, &home.signs(&mut old).await);
}

async fn a_held_log_in_moves_no_wallet_to_itself(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let (_, device) = home.strange(EMAIL).await;
    // The wallet goes elsewhere, and its secret to somebody who is still held here.
    let bob = EMAIL.with("bob@example.com");
    let (first, _) = home.strange(bob).await;
    let file = json!({ "file": home.made["secret0"] });
    let person = bearer(&home.shop, &text(&first, "accessToken"));
    let moved = data_of(&person.post("/api/v2/account/recover", &file).await);
    let file = json!({ "file": moved["secret0"] });
    let (again, device) = home.on(EMAIL, &device).await;
    let person = bearer(&home.shop, &text(&again, "accessToken"));
    held(&home.app, &person.post("/api/v2/account/recover", &file).await);
    home.app.advance(DAY);
    let (later, _) = home.on(EMAIL, &device).await;
    let person = bearer(&home.shop, &text(&later, "accessToken"));
    let mut back = data_of(&person.post("/api/v2/account/recover", &file).await);
    data_of(&home.signs(&mut back).await);
}

async fn an_environment_that_holds_no_more_lets_go(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let (mut tokens, device) = home.strange(EMAIL).await;
    let until = held(&home.app, &home.signs(&mut tokens).await);
    home.app.set("wallets.new_device", "notify").await;
    data_of(&home.signs(&mut tokens).await);
    home.on(EMAIL, &device).await;
    home.app.set("wallets.new_device", "hold").await;
    let (mut again, _) = home.on(EMAIL, &device).await;
    assert_eq!(held(&home.app, &home.signs(&mut again).await), until);
}

async fn other_log_ins_have_devices_and_a_back_end_has_none(engine: Engine) {
    let at = Federation::with(engine, &[("wallets.new_device", "hold")]).await;
    let (app, shop) = (&at.app, &at.shop);
    let federated = async |caller: &Client| {
        app.advance(1);
        let signed = Issuer::google_claims(CLIENT_ID, "1001", "ada@example.com", at.now());
        google(caller, &json!({ "credential": at.issuer.sign(&signed) })).await
    };
    let typed = async |caller: &Client| {
        app.advance(1);
        let body = json!({ "username": "Ada", "password": PASSWORD });
        caller.post("/api/v2/auth/login", &body).await
    };
    let create = async |answer: &Answer| {
        let person = bearer(shop, &text(&data_of(answer), "accessToken"));
        data_of(&person.post("/api/v2/account/create", &json!({})).await);
    };
    let sign = async |answer: &Answer| {
        let wallet = bearer(shop, &text(&data_of(answer), "walletToken"));
        wallet.post(SIGN, &hello()).await
    };
    for kind in ["google", "username"] {
        let first = match kind {
            "google" => federated(shop).await,
            _ => register(shop, "Ada").await,
        };
        create(&first).await;
        let known = shop.with("x-device-token", first.header("x-device-token"));
        for (caller, status) in [(&known, 200), (shop, 403)] {
            let answer = match kind {
                "google" => federated(caller).await,
                _ => typed(caller).await,
            };
            assert_eq!(sign(&answer).await.status, status, "{kind}");
        }
    }
    // It is the app's own word, from wherever.
    let made = register_custody::register(shop, "customer-42").await;
    assert_eq!(made.header("x-device-token"), "");
    create(&made).await;
    let body = json!({ "subId": "customer-42" });
    let again = shop.post("/api/v2/auth/login-custody", &body).await;
    assert_eq!(again.header("x-device-token"), "");
    data_of(&sign(&again).await);
}
