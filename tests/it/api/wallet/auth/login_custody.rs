//! `POST /api/v{1,2}/auth/login-custody`

use aboard::domain::{KeyScope, UserId};
use serde_json::json;

use super::register_custody::{register, secret};
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::logins::{access, refusal_of};

on_both! {
    a_registered_id_logs_its_user_in,
    an_id_that_nobody_registered_is_said_to_be_so,
    a_suspended_user_is_kept_out_and_a_log_out_ends_the_tokens,
    version_1_is_switched_on_for_an_app_of_production,
}

async fn log_in(shop: &Client, id: &str) -> Answer {
    shop.post("/api/v2/auth/login-custody", &json!({ "subId": id })).await
}

async fn a_registered_id_logs_its_user_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = register(&shop, "customer-42").await;
    let answer = log_in(&shop, "customer-42").await;
    let token = access(&answer);
    let expected = json!({
        "status": 200, "message": "Login success", "data": { "isWalletCreated": false, "accessToken": token },
    });
    assert_eq!(answer.whole(), (200, expected));
    assert_eq!(app.whose(&made).await, app.whose(&answer).await);
}

async fn an_id_that_nobody_registered_is_said_to_be_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    register(&app.shop().await, "customer-42").await;
    let message = refusal_of(&log_in(&shop, "customer-42").await, 404);
    assert!(message.contains("register-custody"), "{message}");
    assert_eq!(app.count("users").await, 1);
}

async fn a_suspended_user_is_kept_out_and_a_log_out_ends_the_tokens(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = register(&shop, "customer-42").await;
    let token = access(&made);
    let user: UserId = app.whose(&made).await.as_str().unwrap().parse().unwrap();
    let environment = app.sandbox.environment.id;
    let suspend = async |suspended| {
        let (store, admin, now) = (&app.instance().store, app.admin(), app.now());
        store
            .set_suspended(&admin, environment, user, suspended, now)
            .await
            .unwrap();
    };
    suspend(true).await;
    assert_eq!(app.me(&token).await.status, 401);
    assert!(refusal_of(&log_in(&shop, "customer-42").await, 409).contains("suspended"));
    app.advance(1);
    suspend(false).await;
    assert_eq!(app.me(&token).await.status, 401, "what a suspension ended stays ended");
    let again = log_in(&shop, "customer-42").await;
    assert_eq!(app.me(&access(&again)).await.status, 200);
}

async fn version_1_is_switched_on_for_an_app_of_production(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = secret(&app, &app.production, &[KeyScope::Custody]).await;
    access(&register(&shop, "customer-42").await);
    let old = async || {
        shop.post("/api/v1/auth/login-custody", &json!({ "subId": "customer-42" }))
            .await
    };
    assert!(refusal_of(&old().await, 403).contains("--v1 on"));
    let apps = app.instance().store.apps(app.system()).await.unwrap();
    let last = apps.last().expect("there is one").id;
    let command = aboard::admin::AdminCommand::SetAppV1 {
        app: last,
        serves_v1: true,
    };
    aboard::admin::execute(app.instance(), command).await.unwrap();
    access(&old().await);
}
