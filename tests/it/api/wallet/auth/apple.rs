//! `POST /api/v{1,2}/auth/apple`

use aboard_fakes::Issuer;
use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::client::Answer;
use crate::support::logins::{CLIENT_ID, Federation, access, refusal_of};
use crate::support::token::parts;

on_both! {
    an_account_of_apple_logs_in,
    what_google_signed_is_not_apples,
    a_token_works_once_and_for_minutes,
}

fn claims(at: &Federation, subject: &str) -> Value {
    Issuer::apple_claims(CLIENT_ID, subject, "ada@privaterelay.example.com", at.now())
}

async fn apple(at: &Federation, version: u8, credential: &str) -> Answer {
    let body = json!({ "credential": credential, "expireDate": "2030-01-31" });
    at.shop.post(&format!("/api/v{version}/auth/apple"), &body).await
}

async fn an_account_of_apple_logs_in(engine: Engine) {
    let at = Federation::start(engine).await;
    let answer = apple(&at, 2, &at.issuer.sign(&claims(&at, "000123.abc.0001"))).await;
    let token = access(&answer);
    let expected = json!({
        "status": 200, "message": "Login success", "data": { "isWalletCreated": false, "accessToken": token },
    });
    assert_eq!(answer.whole(), (200, expected));
    let (_, said, _) = parts(&token);
    assert_eq!(
        (&said["amr"], &said["provider"], said.get("email")),
        (&json!("federated"), &json!("apple"), None)
    );
    at.app.advance(1);
    let again = apple(&at, 1, &at.issuer.sign(&claims(&at, "000123.abc.0001"))).await;
    assert_eq!(at.app.whose(&again).await, at.app.whose(&answer).await);
}

async fn what_google_signed_is_not_apples(engine: Engine) {
    let at = Federation::start(engine).await;
    // The fake signs for both with one key: the issuer tells them apart.
    refusal_of(&apple(&at, 2, &at.google("1001")).await, 401);
    let of_apple = json!({ "credential": at.issuer.sign(&claims(&at, "1001")) });
    refusal_of(&at.shop.post("/api/v2/auth/google", &of_apple).await, 401);
    // And one subject of both is two people.
    let google = json!({ "credential": at.google("1001") });
    let google = at.shop.post("/api/v2/auth/google", &google).await;
    let apple = apple(&at, 2, &at.issuer.sign(&claims(&at, "1001"))).await;
    assert_ne!(at.app.whose(&google).await, at.app.whose(&apple).await);
}

async fn a_token_works_once_and_for_minutes(engine: Engine) {
    let at = Federation::start(engine).await;
    let token = at.issuer.sign(&claims(&at, "1"));
    access(&apple(&at, 2, &token).await);
    refusal_of(&apple(&at, 2, &token).await, 401);
    let late = at.issuer.sign(&claims(&at, "1"));
    at.app.advance(601);
    refusal_of(&apple(&at, 2, &late).await, 401);
    assert!(refusal_of(&at.shop.post("/api/v2/auth/apple", &json!({})).await, 400).contains("credential"));
}
