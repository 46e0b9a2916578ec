//! Who somebody is who proves an address.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, WHATSAPP};
use crate::support::users::{data, linked, person};

on_both! {
    a_first_log_in_makes_a_user,
    it_adopts_an_untouched_user_of_the_back_end,
    it_adopts_nobody_whom_a_partner_brought,
    it_adopts_nobody_by_a_phone_that_two_share,
    it_adopts_nobody_who_has_proven_something,
    it_adopts_nobody_whom_the_back_end_signed_in,
    a_suspended_user_is_refused_like_anybody_else,
    environments_know_nothing_of_each_other,
    an_erased_persons_address_begins_anew,
}

async fn id(app: &TestApp, token: &str) -> Value {
    app.me(token).await.json()["data"]["user_id"].clone()
}

async fn a_first_log_in_makes_a_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.log_in(EMAIL, &app.shop().await).await;
    let id = id(&app, &token).await;
    let shown = data(&app.server().get(&format!("/v1/users/{}", id.as_str().unwrap())).await);
    assert_eq!(
        (&shown["email"], &shown["status"]),
        (&json!("ada@example.com"), &json!("verified"))
    );
    assert_eq!(shown["verification_status"]["email_verified"], true);
    for kind in ["identity.verified", "login.succeeded", "user.created"] {
        assert_eq!(app.count(&format!("events where type = '{kind}'")).await, 1, "{kind}");
    }
}

async fn it_adopts_an_untouched_user_of_the_back_end(engine: Engine) {
    let app = TestApp::start(engine).await;
    let brought = linked(&app.server(), &person("ada")).await;
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_eq!(id(&app, &token).await, json!(brought));
    let me = app.me(&token).await.json()["data"].clone();
    // The person sees everything of their own, the back end's word included.
    assert_eq!(
        (&me["name"], &me["phone"], &me["status"]),
        (&json!("ada"), &json!("+1234567890"), &json!("verified"))
    );
    assert_eq!(me["verification_status"]["email_verified"], true);
    assert_eq!(me["verification_status"]["phone_verified"], false);
}

async fn it_adopts_nobody_whom_a_partner_brought(engine: Engine) {
    let app = TestApp::start(engine).await;
    let brought = app.user(&app.signed_in("ada").await).await.to_string();
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_ne!(id(&app, &token).await, json!(brought));
}

async fn it_adopts_nobody_by_a_phone_that_two_share(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let bob = linked(&app.server(), &person("bob")).await;
    let token = app.log_in(WHATSAPP.with("+1234567890"), &app.shop().await).await;
    let id = id(&app, &token).await;
    assert!(id != json!(ada) && id != json!(bob), "{id}");
}

async fn it_adopts_nobody_who_has_proven_something(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    app.prove(&ada, "phone", "+306900000000").await;
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_ne!(id(&app, &token).await, json!(ada));
}

async fn it_adopts_nobody_whom_the_back_end_signed_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    let before = app.server().post(&format!("/v1/users/{ada}/tokens"), &json!({})).await;
    let before = before.json()["data"]["token"].as_str().unwrap().to_owned();
    assert_eq!(app.me(&before).await.status, 200);
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_ne!(id(&app, &token).await, json!(ada));
    assert_eq!(app.me(&before).await.status, 200);
    // A later log-in ends nothing.
    app.advance(60);
    app.log_in(EMAIL, &app.shop().await).await;
    assert_eq!(app.me(&token).await.status, 200);
}

async fn a_suspended_user_is_refused_like_anybody_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = app.log_in(EMAIL, &shop).await;
    app.execute("update users set status = 'suspended'").await;
    app.advance(60);
    let token = EMAIL.begin(&shop).await;
    let code = app.code_for(EMAIL.to).await;
    let answer = EMAIL.verify(&shop, &token, &code).await.whole();
    assert_eq!(answer, EMAIL.verify(&shop, &token, &code).await.whole());
    assert_eq!(answer.0, 401);
    assert_eq!(app.me(&access).await.status, 401);
}

async fn environments_know_nothing_of_each_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ours = app.log_in(EMAIL, &app.shop().await).await;
    let made = app.new_app(&app.stranger, &[]).await;
    let theirs = app.anonymous().with("x-client-secret", &made.client_secret);
    let token = EMAIL.begin(&theirs).await;
    app.app.messages.run_due().await;
    let server = app.anonymous().with("authorization", &app.stranger.server_key);
    let kept = server.get("/v1/inbox").await.json()["data"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1);
    let answer = EMAIL.verify(&theirs, &token, kept[0]["code"].as_str().unwrap()).await;
    let theirs = answer.json()["data"]["accessToken"].as_str().unwrap().to_owned();
    assert_ne!(id(&app, &ours).await, id(&app, &theirs).await);
}

async fn an_erased_persons_address_begins_anew(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let access = app.log_in(EMAIL, &shop).await;
    let before = id(&app, &access).await;
    app.advance(60);
    let pending = EMAIL.begin(&shop).await;
    let code = app.code_for(EMAIL.to).await;
    let path = format!("/v1/users/{}", before.as_str().unwrap());
    assert_eq!(app.server().call("DELETE", &path).send().await.status, 200);
    // Nothing of the address is left but that something was sent there, for a day.
    for table in ["challenges", "messages", "inbox", "familiar_networks", "identities"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    assert_eq!(EMAIL.verify(&shop, &pending, &code).await.status, 401);
    app.advance(3_600);
    assert_ne!(id(&app, &app.log_in(EMAIL, &shop).await).await, before);
}
