//! Whom `external_login` means: `(partner, partner_user_id)` names a user, and nothing else does.

use aboard::domain::Code;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::app::{Engine, TestApp, login_url, on_both, refusal, user, user_with};

on_both! {
    another_email_is_a_new_claim_and_the_login_goes_on,
    a_suspended_user_is_refused,
    the_same_id_at_another_partner_or_environment_is_another_user,
    two_hundred_calls_at_once_make_one_user_and_one_webhook,
}

const PATH: &str = "/api/v1/external_login";

async fn another_email_is_a_new_claim_and_the_login_goes_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    app.advance(1);
    let moved = user_with(
        "ada",
        &json!({ "email": "Countess@Example.com", "phone": "+306912345678" }),
    );
    login_url(&app.partner().post(PATH, &moved).await);
    let checked = app
        .partner()
        .post("/api/v1/embedded_check_user", &json!({ "partner_user_id": "ada" }))
        .await;
    assert_eq!(
        checked.whole(),
        (
            200,
            json!({ "user": "Countess@Example.com", "active_subscription": false })
        )
    );
    assert_eq!(app.count("users").await, 1);

    // A verified address is never replaced: the new one stands beside it.
    app.execute("update identities set state = 'verified' where kind = 'email'")
        .await;
    login_url(&app.partner().post(PATH, &user("ada")).await);
    assert_eq!(
        app.count("identities where key = 'countess@example.com' and state = 'verified'")
            .await,
        1
    );
    assert_eq!(
        app.count("identities where key = 'ada@example.com' and state = 'claimed'")
            .await,
        1
    );
}

async fn a_suspended_user_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user_id = app.user(&app.signed_in("ada").await).await;
    let environment = app.sandbox.environment.id;
    let admin = app.admin();
    let suspend = |on| {
        app.instance()
            .store
            .set_suspended(&admin, environment, user_id, on, app.now())
    };
    assert!(suspend(true).await.expect("the store answers"));
    let before = app.contents().await;
    let refused = app.partner().post(PATH, &user("ada")).await;
    let message = "This user is suspended and cannot log in.";
    assert_eq!(refused.whole(), refusal(403, Code::Forbidden, None, message));
    assert_eq!(app.contents().await, before);
    assert!(suspend(false).await.expect("the store answers"));
    login_url(&app.partner().post(PATH, &user("ada")).await);
}

async fn the_same_id_at_another_partner_or_environment_is_another_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let callers = [
        &app.sandbox.partner,
        &app.sandbox.rival,
        &app.production.partner,
        &app.stranger.partner,
    ];
    for (before, caller) in callers.into_iter().enumerate() {
        assert_eq!(app.count("users").await, before);
        caller.link("ada").await;
    }
    assert_eq!(app.count("users").await, 4);
    assert_eq!(app.count("identities where kind = 'partner_user'").await, 4);
}

async fn two_hundred_calls_at_once_make_one_user_and_one_webhook(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = user_with("ada", &json!({ "webhook_endpoint": "https://example.com/hook" }));
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let (client, body) = (app.partner().clone(), body.clone());
        calls.spawn(async move { login_url(&client.post(PATH, &body).await) });
    }
    let mut links = calls.join_all().await;
    links.sort_unstable();
    links.dedup();
    assert_eq!(links.len(), 200);
    assert_eq!(app.count("login_links").await, 200);
    let made = [
        app.count("users").await,
        app.count("identities").await,
        app.count("events where type like 'user.%'").await,
    ];
    assert_eq!(made, [1, 3, 1]);
    let told = [
        app.count("deliveries").await,
        app.count("jobs").await,
        app.count("user_keys").await,
    ];
    assert_eq!(told, [1, 1, 1]);
}
