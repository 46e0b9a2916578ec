//! The stories of how an account could be taken before or while its person comes, one test for each rule of identities.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, login_url, on_both, user_with};
use crate::support::client::Client;
use crate::support::codes::{EMAIL, SMS};
use crate::support::join::Person;
use crate::support::users::{assert_refused, data, linked, person};

on_both! {
    a_partner_that_claims_my_address_first_gets_nothing_of_mine,
    a_claim_never_blocks_the_person_who_proves_the_address,
    two_partners_with_one_persons_address_cannot_tell,
    a_back_end_that_prepared_my_account_is_out_once_i_prove_it,
    a_partner_that_signed_in_before_me_is_out_once_i_prove_it,
    a_code_that_i_asked_for_proves_nothing_for_somebody_else,
    an_account_with_my_address_in_it_takes_nothing_when_i_confirm_it,
    a_join_of_a_prepared_account_shuts_out_who_prepared_it,
    a_changed_address_logs_nobody_in_until_it_is_proven,
    an_address_that_only_looks_like_mine_is_not_mine,
    the_code_goes_to_my_address_and_not_to_what_was_typed,
}

const MAIL: &str = "ada@example.com";

/// Who logs in with a code to the address.
async fn logged_in(app: &TestApp) -> (String, Value) {
    app.advance(60);
    let token = app.log_in(EMAIL, &app.shop().await).await;
    let me = app.me(&token).await.json()["data"].clone();
    (token, me)
}

async fn shown(app: &TestApp, id: &str) -> Value {
    data(&app.server().get(&format!("/v1/users/{id}")).await)
}

fn id(me: &Value) -> String {
    me["user_id"].as_str().expect("an id").to_owned()
}

/// A token of the back end's for one of its users.
async fn back_ends_token(app: &TestApp, user: &str) -> String {
    let answer = app.server().post(&format!("/v1/users/{user}/tokens"), &json!({})).await;
    answer.json()["data"]["token"].as_str().expect("a token").to_owned()
}

async fn is_signed_in(browser: &Client) -> bool {
    browser.get("/account").await.page().contains(">usr_")
}

async fn a_partner_that_claims_my_address_first_gets_nothing_of_mine(engine: Engine) {
    let app = TestApp::start(engine).await;
    let theirs = app.signed_in("ada").await;
    let prepared = app.user(&theirs).await.to_string();
    let (_, me) = logged_in(&app).await;
    assert_ne!(me["user_id"], json!(prepared));
    // The partner's next log-in is still its own user's, and shows nothing of mine.
    let again = app.signed_in("ada").await;
    assert_eq!(app.user(&again).await.to_string(), prepared);
    assert!(again.get("/account").await.page().contains("not confirmed yet"));
}

async fn a_claim_never_blocks_the_person_who_proves_the_address(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    for partner in [&app.sandbox.rival, &app.sandbox.partner] {
        partner.link("ada").await;
    }
    let brought = linked(&app.server(), &person("bob")).await;
    let (_, me) = logged_in(&app).await;
    assert_ne!(me["user_id"], json!(brought));
    let (_, again) = logged_in(&app).await;
    assert_eq!(again["user_id"], me["user_id"]);
    assert_eq!(again["verification_status"]["email_verified"], true);
}

async fn two_partners_with_one_persons_address_cannot_tell(engine: Engine) {
    let app = TestApp::start(engine).await;
    let call = async |client: &Client, name: &str| {
        let body = user_with(name, &json!({ "email": MAIL }));
        let answer = client.post("/api/v1/external_login", &body).await;
        let names: Vec<String> = answer.json().as_object().expect("an object").keys().cloned().collect();
        (answer.status, names, login_url(&answer))
    };
    let alone = call(app.partner(), "one").await;
    let (_, me) = logged_in(&app).await;
    let beside = call(&app.sandbox.rival.client, "one").await;
    assert_eq!((alone.0, alone.1), (beside.0, beside.1));
    // Each brings a user of its own, and neither is mine.
    let mut ids = vec![id(&me)];
    for link in [alone.2, beside.2] {
        let browser = app.browser();
        assert_eq!(browser.submit(&link, "").await.status, 303);
        ids.push(app.user(&browser).await.to_string());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

async fn a_back_end_that_prepared_my_account_is_out_once_i_prove_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let prepared = linked(&app.server(), &person("ada")).await;
    let before = back_ends_token(&app, &prepared).await;
    assert_eq!(app.me(&before).await.status, 200);
    assert_eq!(app.verify(&prepared, "email", MAIL).await.status, 200);
    assert_eq!(app.me(&before).await.status, 401, "the first proof ends it");
    // What the back end makes afterwards says that it is the back end's, and shows what it brought.
    app.advance(1);
    let after = back_ends_token(&app, &prepared).await;
    assert_eq!(app.me(&after).await.status, 200);
    // A second proof is no first one.
    app.confirm(&prepared, "sms", "+1234567890", MAIL).await;
    assert_eq!(
        shown(&app, &prepared).await["verification_status"]["phone_verified"],
        true
    );
    assert_eq!(app.me(&after).await.status, 200);
}

async fn a_partner_that_signed_in_before_me_is_out_once_i_prove_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let theirs = app.signed_in("ada").await;
    let user = app.user(&theirs).await.to_string();
    app.advance(1);
    // The person gave it to the organization as well: what a partner says alone is asked for nothing.
    let said = app.server().call("PUT", &format!("/v1/users/{user}"));
    data(&said.json(&json!({ "email": MAIL })).send().await);
    assert_eq!(app.verify(&user, "email", MAIL).await.status, 200);
    assert!(!is_signed_in(&theirs).await);
    let (_, me) = logged_in(&app).await;
    assert_eq!(me["user_id"], json!(user));
}

async fn a_code_that_i_asked_for_proves_nothing_for_somebody_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let attacker = linked(&app.server(), &person("eve")).await;
    let victim = linked(&app.server(), &person("ada")).await;
    let ask = async |user: &str| {
        let path = format!("/v1/users/{user}/verifications");
        let answer = app.server().post(&path, &json!({ "channel": "email" })).await;
        answer.json()["data"]["verification_id"].clone()
    };
    let asked = ask(&victim).await;
    let code = app.code_for(MAIL).await;
    let typed = json!({ "verification_id": asked, "code": code });
    let answer = app
        .server()
        .post(&format!("/v1/users/{attacker}/verifications/check"), &typed)
        .await;
    assert_eq!(
        (answer.status, shown(&app, &attacker).await["status"].clone()),
        (400, json!("linked"))
    );
    // Nor is a code to log in one to confirm.
    let shop = app.shop().await;
    let token = SMS.begin(&shop).await;
    assert_eq!(SMS.verify(&shop, &token, &code).await.status, 401);
}

async fn an_account_with_my_address_in_it_takes_nothing_when_i_confirm_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (token, me) = logged_in(&app).await;
    let prepared = linked(&app.server(), &person("ada")).await;
    app.advance(60);
    let answer = app.verify(&prepared, "email", MAIL).await;
    let details = answer.json()["error"]["details"].clone();
    let message = "Another user has proven this address, so it stays theirs.";
    assert_refused(&answer, Code::AddressOfAnother, message, Some(details));
    assert_eq!(shown(&app, &prepared).await["status"], "linked");
    assert_eq!(
        app.me(&token).await.json()["data"],
        me,
        "nothing of mine has moved, and I am still signed in"
    );
    assert_eq!(id(&logged_in(&app).await.1), id(&me));
}

async fn a_join_of_a_prepared_account_shuts_out_who_prepared_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (_, me) = logged_in(&app).await;
    let prepared = linked(&app.server(), &person("ada")).await;
    let theirs = back_ends_token(&app, &prepared).await;
    app.advance(60);
    let answer = app.verify(&prepared, "email", MAIL).await;
    let url = answer.json()["error"]["details"]["join_url"]
        .as_str()
        .expect("an address")
        .to_owned();
    app.advance(60);
    // The back end has the address of the page, and no code.
    let back_end = Person::at(&app, &url);
    back_end.press("do=join").await;
    assert_eq!(id(&shown(&app, &prepared).await), prepared);
    let i = Person::at(&app, &url);
    i.show(&app, 0, MAIL).await;
    i.press("do=join").await;
    assert_eq!(id(&shown(&app, &prepared).await), id(&me));
    assert_eq!(app.me(&theirs).await.status, 401);
    back_end.press("do=undo").await;
    assert_eq!(id(&shown(&app, &prepared).await), id(&me));
}

async fn a_changed_address_logs_nobody_in_until_it_is_proven(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    assert_eq!(app.verify(&ada, "email", MAIL).await.status, 200);
    app.advance(60);
    let put = app.server().call("PUT", &format!("/v1/users/{ada}"));
    let changed = data(&put.json(&json!({ "email": "eve@example.com" })).send().await);
    assert_eq!(changed["email"], "eve@example.com");
    assert_eq!(changed["verification_status"]["email_verified"], false);
    // Whoever proves the new address alone is somebody else; the old one is still mine.
    let token = app.log_in(EMAIL.with("eve@example.com"), &app.shop().await).await;
    assert_ne!(id(&app.me(&token).await.json()["data"]), ada);
    assert_eq!(id(&logged_in(&app).await.1), ada);
}

async fn an_address_that_only_looks_like_mine_is_not_mine(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (_, me) = logged_in(&app).await;
    let shop = app.shop().await;
    // The Kelvin sign becomes a k in lower case, and a dotless i is no i.
    for look_alike in [
        "\u{212a}im@example.com",
        "ad\u{430}@example.com",
        "\u{131}da@example.com",
    ] {
        let answer = shop.post(EMAIL.login, &json!({ "email": look_alike })).await;
        assert_eq!(answer.status, 400, "{look_alike}");
    }
    // Dots and what stands behind a hyphen count: another mailbox is another person.
    for other in ["a.da@example.com", "ada-x@example.com"] {
        app.advance(60);
        let token = app.log_in(EMAIL.with(other), &shop).await;
        assert_ne!(app.me(&token).await.json()["data"]["user_id"], me["user_id"], "{other}");
    }
}

async fn the_code_goes_to_my_address_and_not_to_what_was_typed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (_, me) = logged_in(&app).await;
    app.advance(60);
    let shop = app.shop().await;
    let typed = EMAIL.with("ADA@EXAMPLE.COM");
    let token = typed.begin(&shop).await;
    let kept = {
        app.app.messages.run_due().await;
        app.inbox(MAIL).await
    };
    assert_eq!(kept[0]["to"], json!(MAIL));
    let answer = typed
        .verify(&shop, &token, kept[0]["code"].as_str().expect("a code"))
        .await;
    let access = answer.json()["data"]["accessToken"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_eq!(app.me(&access).await.json()["data"]["user_id"], me["user_id"]);
}
