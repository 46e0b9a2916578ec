//! `POST /api/v{1,2}/auth/login`

use serde_json::json;

use super::register::{PASSWORD, register};
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::logins::{access, refusal_of};

on_both! {
    the_right_password_logs_in,
    a_wrong_password_and_an_unknown_name_are_one_answer,
    too_many_wrong_ones_have_to_wait_whoever_it_is,
    a_stranger_does_not_lock_the_owner_out,
    a_stranger_behind_the_same_back_end_does_not_lock_the_owner_out,
    an_erased_users_name_is_free_again,
}

async fn log_in(shop: &Client, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    shop.post("/api/v2/auth/login", &body).await
}

/// People with an app of their own device, which has no secret.
async fn public(app: &TestApp) -> Client {
    let made = app.new_app(&app.sandbox, &[]).await;
    app.anonymous().with("x-app-id", &made.app.to_string())
}

async fn the_right_password_logs_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = register(&shop, "Ada").await;
    for (path, username) in [("/api/v2/auth/login", "ada"), ("/api/v1/auth/login", "ADA")] {
        let body = json!({ "username": username, "password": PASSWORD, "expireDate": "2030-01-31" });
        let answer = shop.post(path, &body).await;
        let token = access(&answer);
        let expected = json!({
            "status": 200, "message": "Login success", "data": { "isWalletCreated": false, "accessToken": token },
        });
        assert_eq!(answer.whole(), (200, expected));
        assert_eq!(app.whose(&made).await, app.whose(&answer).await);
    }
}

async fn a_wrong_password_and_an_unknown_name_are_one_answer(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    access(&register(&shop, "ada").await);
    access(&register(&shop, "locked").await);
    app.execute(
        "update users set status = 'suspended' where id in (select user_id from identities where key = 'locked')",
    )
    .await;
    let wrong = log_in(&shop, "ada", "wrong horse").await.whole();
    assert_eq!(wrong.0, 401);
    for (username, password) in [
        ("nobody", PASSWORD),
        ("ada", ""),
        ("ada", &*"x".repeat(5_000)),
        // Locked out: told to nobody, not even to who has the password.
        ("locked", PASSWORD),
    ] {
        assert_eq!(log_in(&shop, username, password).await.whole(), wrong, "{username}");
    }
    // The right password at another app is a name that nobody has there.
    assert_eq!(log_in(&app.shop().await, "ada", PASSWORD).await.whole(), wrong);
}

async fn too_many_wrong_ones_have_to_wait_whoever_it_is(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = public(&app).await;
    access(&register(&shop, "ada").await);
    for username in ["ada", "nobody"] {
        for _ in 0..10 {
            refusal_of(&log_in(&shop, username, "wrong horse").await, 401);
        }
        let answer = log_in(&shop, username, PASSWORD).await;
        refusal_of(&answer, 429);
        assert_eq!(answer.header("retry-after"), "3600", "{username}");
    }
    app.advance(3_600);
    access(&log_in(&shop, "ada", PASSWORD).await);
}

async fn a_stranger_does_not_lock_the_owner_out(engine: Engine) {
    let proxies = [("server.trusted_proxies", r#"["127.0.0.0/8"]"#)];
    let app = TestApp::with(engine, &proxies).await;
    let shop = public(&app).await;
    let at = |address: &str| shop.with("x-forwarded-for", address);
    access(&register(&at("203.0.113.7"), "ada").await);
    access(&log_in(&at("203.0.113.7"), "ada", PASSWORD).await);
    for host in 0..5 {
        let stranger = at(&format!("198.51.100.{host}"));
        for _ in 0..10 {
            refusal_of(&log_in(&stranger, "ada", "wrong horse").await, 401);
        }
    }
    refusal_of(&log_in(&at("198.51.100.9"), "ada", PASSWORD).await, 429);
    access(&log_in(&at("203.0.113.7"), "ada", PASSWORD).await);
}

async fn a_stranger_behind_the_same_back_end_does_not_lock_the_owner_out(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = register(&shop, "ada").await;
    access(&made);
    let device = made.header("x-device-token").to_owned();
    let other = register(&shop, "bob").await.header("x-device-token").to_owned();
    for _ in 0..50 {
        refusal_of(&log_in(&shop, "ada", "wrong horse").await, 401);
    }
    // Guesses are bounded, and another's device is none of the owner's.
    for stranger in [&shop, &shop.with("x-device-token", &other)] {
        let answer = log_in(stranger, "ada", PASSWORD).await;
        refusal_of(&answer, 429);
        assert_eq!(answer.header("retry-after"), "3600");
    }
    app.advance(1);
    let owner = shop.with("x-device-token", &device);
    let again = log_in(&owner, "ada", PASSWORD).await;
    access(&again);
    // So are those on a device that somebody stole, and the owner's next one is beyond it.
    for _ in 0..10 {
        refusal_of(&log_in(&owner, "ada", "wrong horse").await, 401);
    }
    refusal_of(&log_in(&owner, "ada", PASSWORD).await, 429);
    let owner = shop.with("x-device-token", again.header("x-device-token"));
    access(&log_in(&owner, "ada", PASSWORD).await);
}

async fn an_erased_users_name_is_free_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = register(&shop, "ada").await;
    let user = app.whose(&made).await;
    let path = format!("/v1/users/{}", user.as_str().unwrap());
    assert_eq!(app.server().call("DELETE", &path).send().await.status, 200);
    assert_eq!(app.count("passwords").await, 0);
    refusal_of(&log_in(&shop, "ada", PASSWORD).await, 401);
    assert_eq!(app.me(&access(&made)).await.status, 401);
    assert_ne!(app.whose(&register(&shop, "ada").await).await, user);
}
