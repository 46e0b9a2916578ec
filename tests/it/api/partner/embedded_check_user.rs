//! `POST /api/v1/embedded_check_user`

use aboard::domain::{Code, SubscriptionStatus};
use aboard::store::NewSubscription;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both, plain_refusal, refusal, user_with};

on_both! {
    the_documented_call_answers_the_user,
    an_unknown_user_is_404,
    a_bad_field_is_named,
    a_subscription_counts_until_its_period_ends,
}

const PATH: &str = "/api/v1/embedded_check_user";

async fn the_documented_call_answers_the_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let given = user_with("abc123", &json!({ "email": "User@Example.com" }));
    assert_eq!(app.partner().post("/api/v1/external_login", &given).await.status, 200);
    let before = app.contents().await;
    let call = app
        .partner()
        .call("POST", PATH)
        .header("content-type", "application/json; charset=utf-8");
    let answer = call.body(r#"{"partner_user_id": "abc123"}"#).send().await;
    assert_eq!(
        answer.whole(),
        (200, json!({ "user": "User@Example.com", "active_subscription": false }))
    );
    assert_eq!(app.contents().await, before);
}

async fn an_unknown_user_is_404(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("abc123").await;
    for id in ["abc", "ABC123", "abc123 ", "user@example.com", "%", "abc12_"] {
        let answer = app.partner().post(PATH, &json!({ "partner_user_id": id })).await;
        assert_eq!(answer.whole(), plain_refusal(Code::UserNotFound), "{id}");
    }
}

async fn a_bad_field_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    let length = "Send your own id of the user, 1 to 255 characters.";
    for (id, message) in [
        (Value::Null, "partner_user_id is required."),
        (json!(123), "partner_user_id must be a text."),
        (json!(["abc123"]), "partner_user_id must be a text."),
        (json!({ "like": "%" }), "partner_user_id must be a text."),
        (json!(""), length),
        (json!("x".repeat(256)), length),
    ] {
        let answer = app.partner().post(PATH, &json!({ "partner_user_id": id })).await;
        assert_eq!(
            answer.whole(),
            refusal(422, Code::Validation, Some("partner_user_id"), message)
        );
    }
    let absent = app.partner().post(PATH, &json!({})).await;
    let message = "partner_user_id is required.";
    assert_eq!(
        absent.whole(),
        refusal(422, Code::Validation, Some("partner_user_id"), message)
    );
}

async fn a_subscription_counts_until_its_period_ends(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = app.user(&app.signed_in("ada").await).await;
    let active = async || {
        let answer = app.partner().post(PATH, &json!({ "partner_user_id": "ada" })).await;
        answer.json()["active_subscription"].as_bool()
    };
    for (status, expected) in [
        ("active", true),
        ("trialing", true),
        ("past_due", false),
        ("canceled", false),
    ] {
        let plan = NewSubscription {
            plan_name: "Pro".to_owned(),
            status: SubscriptionStatus::parse(status).expect("a status"),
            period_end: app.now() + SignedDuration::from_hours(1),
            next_payment_amount: None,
        };
        let (store, environment) = (&app.instance().store, app.sandbox.environment.id);
        let set = store
            .set_subscription(&app.admin(), environment, user, plan, app.now())
            .await;
        assert!(set.expect("the store answers"));
        assert_eq!(active().await, Some(expected), "{status}");
        if expected {
            app.advance(3_599);
            assert_eq!(active().await, Some(true), "{status}");
            app.advance(1);
            assert_eq!(active().await, Some(false), "{status}");
        }
    }
}
