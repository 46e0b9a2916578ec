//! Nobody becomes a person by an address of their own: another one is confirmed, or refused.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, login_url, on_both, user_with};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, SMS};
use crate::support::join::Person;
use crate::support::logins::{Federation, access};
use crate::support::users::{assert_refused, data, linked, person};
use crate::support::wallets::{bearer, claims, data_of, refused, text};

on_both! {
    a_password_from_before_the_first_proof_opens_nothing,
    an_apps_word_from_before_the_first_proof_opens_nothing,
    a_token_of_the_back_ends_keeps_its_user_from_whoever_comes_later,
    a_server_key_with_a_number_of_its_own_does_not_become_the_person,
    nor_does_it_wait_for_the_person_to_have_a_wallet,
    what_a_partner_says_is_no_place_to_prove_a_person,
    without_a_proven_address_a_wallet_is_no_prize,
    a_log_in_at_a_provider_is_not_shared_by_a_code,
    an_account_with_a_password_is_not_shown_by_somebody_elses_code,
    the_page_of_a_join_names_wallets_and_log_ins,
}

const MAIL: &str = "ada@example.com";
const SECRET: &str = "correct horse battery";

async fn register(shop: &Client, name: &str) -> Answer {
    let body = json!({ "username": name, "password": SECRET });
    shop.post("/api/v2/auth/register", &body).await
}

async fn by_password(shop: &Client, name: &str) -> Answer {
    let body = json!({ "username": name, "password": SECRET });
    shop.post("/api/v2/auth/login", &body).await
}

async fn put(app: &TestApp, user: &str, fields: Value) {
    let call = app.server().call("PUT", &format!("/v1/users/{user}"));
    data(&call.json(&fields).send().await);
}

async fn id_of(app: &TestApp, answer: &Answer) -> String {
    app.whose(answer).await.as_str().expect("an id").to_owned()
}

async fn me(app: &TestApp, token: &str) -> String {
    let me = app.me(token).await.json()["data"]["user_id"].clone();
    me.as_str().expect("an id").to_owned()
}

/// Whose wallet a log-in opened.
fn holder(entered: &Value) -> String {
    text(&claims(&text(entered, "walletToken")), "uid")
}

fn detail(answer: &Answer, name: &str) -> String {
    let detail = answer.json()["error"]["details"][name].clone();
    detail.as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

async fn a_password_from_before_the_first_proof_opens_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let prepared = id_of(&app, &register(&shop, "mallory").await).await;
    put(&app, &prepared, json!({ "phone": SMS.to })).await;
    assert_eq!(app.verify(&prepared, "sms", SMS.to).await.status, 200);
    let mine = app.new_wallet(SMS, &shop, json!({})).await;
    assert_eq!(holder(&mine), prepared);
    refused(&by_password(&shop, "mallory").await, 401);
    // The name is nobody's now; whoever takes it has nothing of mine.
    let again = register(&shop, "mallory").await;
    assert_ne!(id_of(&app, &again).await, prepared);
}

async fn an_apps_word_from_before_the_first_proof_opens_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let named = json!({ "subId": "customer-42" });
    let prepared = id_of(&app, &shop.post("/api/v2/auth/register-custody", &named).await).await;
    put(&app, &prepared, json!({ "phone": SMS.to })).await;
    assert_eq!(app.verify(&prepared, "sms", SMS.to).await.status, 200);
    assert_eq!(holder(&app.new_wallet(SMS, &shop, json!({})).await), prepared);
    refused(&shop.post("/api/v2/auth/login-custody", &named).await, 404);
}

async fn a_token_of_the_back_ends_keeps_its_user_from_whoever_comes_later(engine: Engine) {
    let app = TestApp::start(engine).await;
    let prepared = linked(&app.server(), &person("ada")).await;
    let path = format!("/v1/users/{prepared}/tokens");
    for _ in 0..2 {
        assert_eq!(app.server().post(&path, &json!({})).await.status, 201);
    }
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_ne!(me(&app, &token).await, prepared);
    // Without one, the person takes over what the back end brought.
    let bob = linked(&app.server(), &person("bob")).await;
    let token = app.log_in(EMAIL.with("bob@example.com"), &app.shop().await).await;
    assert_eq!(me(&app, &token).await, bob);
}

async fn a_server_key_with_a_number_of_its_own_does_not_become_the_person(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let victim = holder(&app.new_wallet(EMAIL, &shop, json!({})).await);
    put(&app, &victim, json!({ "phone": SMS.to })).await;
    let answer = app.verify(&victim, "sms", SMS.to).await;
    let url = detail(&answer, "confirm_url");
    let message = "This user has proven another address, where the person has to confirm this one.";
    assert_refused(
        &answer,
        Code::ConfirmationNeeded,
        message,
        Some(json!({ "confirm_url": url })),
    );
    let shown = data(&app.server().get(&format!("/v1/users/{victim}")).await);
    assert_eq!(shown["verification_status"]["phone_verified"], false);
    // The back end has the page, and cannot read what is sent to the person.
    app.advance(60);
    let back_end = Person::at(&app, &url);
    let way = back_end.ways().await.swap_remove(0);
    back_end.press(&format!("do=send&to={way}")).await;
    back_end.press("do=check&code=00000000").await;
    assert!(back_end.page().await.contains("Confirm a new address"));
    // The number logs in somebody else, and the old address its person.
    let entered = app.enter(SMS, &shop).await;
    assert_eq!(entered["isWalletCreated"], json!(false));
    assert_ne!(me(&app, &text(&entered, "accessToken")).await, victim);
    assert_eq!(holder(&app.enter(EMAIL, &shop).await), victim);
}

async fn nor_does_it_wait_for_the_person_to_have_a_wallet(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let victim = me(&app, &app.log_in(EMAIL, &shop).await).await;
    put(&app, &victim, json!({ "phone": SMS.to })).await;
    let answer = app.verify(&victim, "sms", SMS.to).await;
    assert_eq!(
        answer.json()["error"]["code"],
        json!("CONFIRMATION_NEEDED"),
        "{answer:?}"
    );
    app.advance(60);
    assert_eq!(holder(&app.new_wallet(EMAIL, &shop, json!({})).await), victim);
    app.advance(60);
    assert_eq!(app.enter(SMS, &shop).await["isWalletCreated"], json!(false));
}

async fn what_a_partner_says_is_no_place_to_prove_a_person(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fields = json!({ "email": "partner@evil.example", "phone": SMS.to });
    let made = app
        .partner()
        .post("/api/v1/external_login", &user_with("ada", &fields))
        .await;
    let browser = app.browser();
    assert_eq!(browser.submit(&login_url(&made), "").await.status, 303);
    let user = app.user(&browser).await.to_string();
    let path = format!("/v1/users/{user}/verifications");
    let ask = async || app.server().post(&path, &json!({ "channel": "email" })).await;
    let message = "This e-mail is what a partner says of the user. Set it with PUT /v1/users/{user_id} first, if the person gave it to you.";
    assert_refused(&ask().await, Code::Conflict, message, None);
    app.prove(&user, "phone", SMS.to).await;
    assert_refused(&ask().await, Code::Conflict, message, None);
    put(&app, &user, json!({ "email": MAIL })).await;
    assert_eq!(ask().await.status, 201);
}

async fn without_a_proven_address_a_wallet_is_no_prize(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = register(&shop, "ada").await;
    let person = bearer(&shop, &access(&made));
    let wallet = data_of(&person.post("/api/v2/account/create", &json!({})).await);
    let victim = holder(&wallet);
    put(&app, &victim, json!({ "phone": SMS.to })).await;
    let answer = app.verify(&victim, "sms", SMS.to).await;
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].clone()),
        (409, json!("CONFLICT"))
    );
    assert!(answer.text().contains("recovery file"), "{answer:?}");
    assert_eq!(app.enter(SMS, &shop).await["isWalletCreated"], json!(false));
    // The person's own log-in goes on.
    assert_eq!(holder(&data_of(&by_password(&shop, "ada").await)), victim);
}

async fn a_log_in_at_a_provider_is_not_shared_by_a_code(engine: Engine) {
    let at = Federation::start(engine).await;
    let body = json!({ "credential": at.google("1001") });
    let victim = id_of(&at.app, &at.shop.post("/api/v2/auth/google", &body).await).await;
    put(&at.app, &victim, json!({ "phone": SMS.to })).await;
    assert_eq!(at.app.verify(&victim, "sms", SMS.to).await.status, 409);
    at.app.prove(&victim, "email", MAIL).await;
    at.app.advance(60);
    let answer = at.app.verify(&victim, "sms", SMS.to).await;
    let i = Person::at(&at.app, &detail(&answer, "confirm_url"));
    i.show(&at.app, 0, MAIL).await;
    at.app.advance(60);
    assert_eq!(me(&at.app, &at.app.log_in(SMS, &at.shop).await).await, victim);
}

async fn an_account_with_a_password_is_not_shown_by_somebody_elses_code(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let mine = holder(&app.new_wallet(EMAIL, &shop, json!({})).await);
    let theirs = id_of(&app, &register(&shop, "mallory").await).await;
    put(&app, &theirs, json!({ "email": MAIL })).await;
    app.advance(60);
    let url = detail(&app.verify(&theirs, "email", MAIL).await, "join_url");
    let before = app.contents().await;
    let i = Person::at(&app, &url);
    let page = i.page().await;
    assert!(
        page.contains("no confirmed address by which you could show that it is yours"),
        "{page}"
    );
    assert_eq!(i.ways().await.len(), 0);
    for form in ["do=join", "do=check&code=00000000", "do=send&to=x"] {
        i.press(form).await;
    }
    assert_eq!(app.contents().await, before);
    assert_eq!(
        data_of(&by_password(&shop, "mallory").await)["isWalletCreated"],
        json!(false)
    );
    assert_eq!(holder(&app.enter(EMAIL, &shop).await), mine);
}

async fn the_page_of_a_join_names_wallets_and_log_ins(engine: Engine) {
    let at = Federation::start(engine).await;
    let second = me(&at.app, &at.app.log_in(EMAIL, &at.shop).await).await;
    let body = json!({ "credential": at.google("1001") });
    let entered = at.shop.post("/api/v2/auth/google", &body).await;
    let person = bearer(&at.shop, &access(&entered));
    let first = holder(&data_of(&person.post("/api/v2/account/create", &json!({})).await));
    at.app.prove(&first, "phone", SMS.to).await;
    put(&at.app, &first, json!({ "email": MAIL })).await;
    at.app.advance(60);
    let i = Person::at(
        &at.app,
        &detail(&at.app.verify(&first, "email", MAIL).await, "join_url"),
    );
    at.app.advance(60);
    i.show(&at.app, 0, SMS.to).await;
    let told = |page: &str| ["One, with everything in it", ">Google<"].map(|text| page.contains(text));
    assert_eq!(told(&i.page().await), [false, false], "not before both were shown");
    i.show(&at.app, 0, MAIL).await;
    assert_eq!(told(&i.page().await), [true, true], "{}", i.page().await);
    i.press("do=join").await;
    at.app.advance(3_600);
    assert_eq!(holder(&at.app.enter(EMAIL, &at.shop).await), second);
}
