//! Whoever prepares an account for somebody else, or names somebody else's address, gets nothing of theirs.

use serde_json::{Value, json};

use super::register::register;
use super::register_custody::register as register_custody;
use crate::support::app::{Engine, on_both};
use crate::support::codes::EMAIL;
use crate::support::logins::{Federation, access};
use crate::support::users::{data, linked, person};

on_both! {
    an_address_that_google_names_matches_nobody_who_proved_it,
    nor_whom_the_back_end_brought_with_it,
    a_code_does_not_find_who_came_by_google,
    a_username_that_is_an_address_proves_none,
    a_custody_id_that_is_an_address_proves_none,
    a_proof_ends_what_the_app_signed_in_before,
    the_word_of_an_app_shows_nothing_of_the_person,
}

async fn google(at: &Federation) -> Value {
    // Google says that ada@example.com is this account's, and verified.
    let body = json!({ "credential": at.google("1001") });
    let answer = at.shop.post("/api/v2/auth/google", &body).await;
    at.app.whose(&answer).await
}

async fn id(at: &Federation, token: &str) -> Value {
    at.app.me(token).await.json()["data"]["user_id"].clone()
}

async fn an_address_that_google_names_matches_nobody_who_proved_it(engine: Engine) {
    let at = Federation::start(engine).await;
    let ada = at.app.log_in(EMAIL, &at.shop).await;
    assert_ne!(google(&at).await, id(&at, &ada).await);
    assert_eq!(at.app.count("users").await, 2);
    assert_eq!(at.app.count("identities where kind = 'email'").await, 1);
}

async fn nor_whom_the_back_end_brought_with_it(engine: Engine) {
    let at = Federation::start(engine).await;
    let brought = linked(&at.app.server(), &person("ada")).await;
    assert_ne!(google(&at).await, json!(brought));
    let shown = data(&at.app.server().get(&format!("/v1/users/{brought}")).await);
    assert_eq!(shown["status"], "linked");
}

async fn a_code_does_not_find_who_came_by_google(engine: Engine) {
    let at = Federation::start(engine).await;
    let first = google(&at).await;
    let ada = at.app.log_in(EMAIL, &at.shop).await;
    assert_ne!(first, id(&at, &ada).await);
}

async fn a_username_that_is_an_address_proves_none(engine: Engine) {
    let at = Federation::start(engine).await;
    let squatter = at.app.whose(&register(&at.shop, "ada@example.com").await).await;
    let ada = at.app.log_in(EMAIL, &at.shop).await;
    assert_ne!(squatter, id(&at, &ada).await);
    // And nothing keeps the owner from the address.
    let me = at.app.me(&ada).await.json()["data"].clone();
    assert_eq!(me["verification_status"]["email_verified"], true);
}

async fn a_custody_id_that_is_an_address_proves_none(engine: Engine) {
    let at = Federation::start(engine).await;
    let custody = register_custody(&at.shop, "ada@example.com").await;
    let brought = linked(&at.app.server(), &person("ada")).await;
    let ada = at.app.log_in(EMAIL, &at.shop).await;
    assert_eq!(id(&at, &ada).await, json!(brought));
    assert_ne!(at.app.whose(&custody).await, json!(brought));
}

/// The back end gives a user of custody an address, and the person proves it: the app's older tokens end.
async fn a_proof_ends_what_the_app_signed_in_before(engine: Engine) {
    let at = Federation::start(engine).await;
    let custody = register_custody(&at.shop, "customer-42").await;
    let (user, token) = (at.app.whose(&custody).await, access(&custody));
    let path = format!("/v1/users/{}", user.as_str().unwrap());
    let server = at.app.server();
    let put = server
        .call("PUT", &path)
        .json(&json!({ "email": EMAIL.to }))
        .send()
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    let begun = server
        .post(&format!("{path}/verifications"), &json!({ "channel": "email" }))
        .await;
    let verification = begun.json()["data"]["verification_id"].clone();
    let code = at.app.code_for(EMAIL.to).await;
    let check = json!({ "verification_id": verification, "code": code });
    assert_eq!(
        server.post(&format!("{path}/verifications/check"), &check).await.status,
        200
    );
    assert_eq!(at.app.me(&token).await.status, 401);
    // Whoever logs in with the address is this person, and the app's word still names the user.
    at.app.advance(60);
    let ada = at.app.log_in(EMAIL, &at.shop).await;
    assert_eq!(id(&at, &ada).await, user);
}

async fn the_word_of_an_app_shows_nothing_of_the_person(engine: Engine) {
    let at = Federation::start(engine).await;
    let custody = register_custody(&at.shop, "customer-42").await;
    let user = at.app.whose(&custody).await;
    let path = format!("/v1/users/{}", user.as_str().unwrap());
    let named = json!({ "email": EMAIL.to, "name": "Ada Lovelace" });
    at.app.server().call("PUT", &path).json(&named).send().await;
    at.app.prove(user.as_str().unwrap(), "phone", "+306900000000").await;
    let again = at
        .shop
        .post("/api/v2/auth/login-custody", &json!({ "subId": "customer-42" }))
        .await;
    let me = at.app.me(&access(&again)).await.json()["data"].clone();
    assert_eq!(
        (&me["email"], &me["phone"], &me["name"], &me["status"]),
        (&Value::Null, &Value::Null, &Value::Null, &json!("linked"))
    );
}
