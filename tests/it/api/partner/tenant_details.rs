//! `GET /api/v1/tenant_details`

use aboard::domain::{Code, SubscriptionStatus};
use aboard::store::NewSubscription;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::login::{issue, token};
use crate::support::app::{Engine, TestApp, on_both, refusal};
use crate::support::client::{Answer, Client};

on_both! {
    a_token_answers_the_user_without_a_plan,
    a_token_answers_the_plan,
    a_token_lives_for_a_day,
    a_token_dies_with_its_key_its_user_and_a_logout_everywhere,
    a_token_that_was_touched_is_refused,
}

const PATH: &str = "/api/v1/tenant_details";

async fn get(app: &TestApp, jwt: &str) -> Answer {
    app.anonymous()
        .with("authorization", &format!("Bearer {jwt}"))
        .get(PATH)
        .await
}

#[track_caller]
fn assert_refused(answer: &Answer, why: &str) {
    let message = "Send a user token from POST /api/v1/login as Authorization: Bearer <jwt>.";
    assert_eq!(answer.whole(), refusal(401, Code::Unauthorized, None, message), "{why}");
}

async fn a_token_answers_the_user_without_a_plan(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let answer = get(&app, &jwt).await;
    let details = json!({
        "wrapp_user_id": id, "partner_user_id": "ada", "email": "ada@example.com", "has_plan": false,
        "plan_name": null, "next_payment_date": null, "next_payment_amount": null,
    });
    assert_eq!(answer.whole(), (200, details));
    assert_eq!(answer.header("x-ratelimit-limit"), "100000");
    // The scheme's name is case-insensitive (RFC 9110), and integrators leave it out.
    for scheme in ["bearer ", "BEARER  ", ""] {
        let client = app.anonymous().with("authorization", &format!("{scheme}{jwt}"));
        assert_eq!(client.get(PATH).await.status, 200, "{scheme}");
    }
}

async fn a_token_answers_the_plan(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = app.user(&app.signed_in("ada").await).await;
    let plan = NewSubscription {
        plan_name: "Pro".to_owned(),
        status: SubscriptionStatus::Active,
        period_end: "2027-02-01T10:30:00.5Z".parse().expect("a time"),
        next_payment_amount: Some("9.99 EUR".to_owned()),
    };
    let (store, environment) = (&app.instance().store, app.sandbox.environment.id);
    assert!(
        store
            .set_subscription(&app.admin(), environment, user, plan, app.now())
            .await
            .expect("it answers")
    );
    let (api_key, id) = issue(&app, "ada").await;
    let details = get(&app, &token(&app, &api_key, &id).await).await.json();
    assert_eq!(details["has_plan"], json!(true));
    assert_eq!(details["plan_name"], json!("Pro"));
    assert_eq!(details["next_payment_date"], json!("2027-02-01T10:30:00Z"));
    assert_eq!(details["next_payment_amount"], json!("9.99 EUR"));
    // Once the period has ended there is no plan to show.
    app.execute("update subscriptions set status = 'past_due'").await;
    let details = get(&app, &token(&app, &api_key, &id).await).await.json();
    assert_eq!(
        (&details["has_plan"], &details["plan_name"]),
        (&json!(false), &Value::Null)
    );
}

async fn a_token_lives_for_a_day(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    app.advance(86_398);
    assert_eq!(get(&app, &jwt).await.status, 200);
    app.advance(2);
    assert_refused(&get(&app, &jwt).await, "a day later");
    assert_eq!(get(&app, &token(&app, &api_key, &id).await).await.status, 200);
}

async fn a_token_dies_with_its_key_its_user_and_a_logout_everywhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    app.execute("update user_keys set revoked_at = created_at").await;
    assert_refused(&get(&app, &jwt).await, "its key is revoked");
    app.execute("update user_keys set revoked_at = null").await;
    app.execute("update users set status = 'suspended'").await;
    assert_refused(&get(&app, &jwt).await, "its user is suspended");
    app.execute("update users set status = 'linked'").await;
    assert_eq!(get(&app, &jwt).await.status, 200);
    app.advance(1);
    assert_eq!(browser.submit("/account/logout_everywhere", "").await.status, 200);
    assert_refused(&get(&app, &jwt).await, "logged out everywhere");
    app.advance(1);
    assert_eq!(get(&app, &token(&app, &api_key, &id).await).await.status, 200);
}

async fn a_token_that_was_touched_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let parts: Vec<&str> = jwt.split('.').collect();
    let (header, claims, signature) = (read(parts[0]), read(parts[1]), parts[2]);
    let written = |header: &Value, claims: &Value, signature: &str| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(claims))
    };
    assert_eq!(written(&header, &claims, signature), jwt, "the parts go together again");
    let changed = |value: &Value, name: &str, to: Value| {
        let mut value = value.clone();
        value[name] = to;
        value
    };
    let later = (app.now() + SignedDuration::from_hours(48)).as_second();
    let production = app.app.web.tokens.issuer(app.production.environment.id);
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for forged in [
        written(&changed(&header, "alg", json!("none")), &claims, ""),
        written(&changed(&header, "alg", json!("HS256")), &claims, signature),
        written(&changed(&header, "typ", json!("JWT")), &claims, signature),
        written(&header, &changed(&claims, "exp", json!(later)), signature),
        written(&header, &changed(&claims, "iss", json!(production)), signature),
        written(&header, &claims, ""),
        written(&header, &claims, &format!("{flipped}{}", &signature[1..])),
        jwt.replace('.', ".."),
        format!("{}.{}", parts[0], parts[1]),
        "..".to_owned(),
        api_key.clone(),
        app.sandbox.server_key.clone(),
    ] {
        assert_refused(&get(&app, &forged).await, &forged);
    }
    let in_the_wrong_header: Client = app.anonymous().with("x-partner-api-key", &jwt);
    assert_refused(&in_the_wrong_header.get(PATH).await, "the wrong header");
    assert_refused(&app.anonymous().get(PATH).await, "no header");
}

fn read(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}
