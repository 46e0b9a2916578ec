//! `POST /api/v{1,2}/auth/verify-otp`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, other_than};

on_both! { an_address_is_one_person_however_it_is_written, both_names_of_the_token_and_forms_are_taken }

async fn an_address_is_one_person_however_it_is_written(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let first = app.log_in(EMAIL, &shop).await;
    app.advance(60);
    // The code goes to the address that was proven, not to the one that was typed.
    let typed = EMAIL.with("Ada@EXAMPLE.com");
    let token = typed.begin(&shop).await;
    let code = app.code_for("ada@example.com").await;
    let again = typed.verify(&shop, &token, &code).await.json()["data"]["accessToken"].clone();
    let id = async |token: &str| app.me(token).await.json()["data"]["user_id"].clone();
    assert_eq!(id(again.as_str().unwrap()).await, id(&first).await);
    assert_eq!(app.count("users").await, 1);
}

async fn both_names_of_the_token_and_forms_are_taken(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = EMAIL.begin(&shop).await;
    let code = app.code_for(EMAIL.to).await;
    let wrong = json!({ "verifyToken": token, "otp": other_than(&code) });
    assert_eq!(shop.post(EMAIL.verify, &wrong).await.status, 401);
    let call = shop
        .call("POST", EMAIL.verify)
        .header("content-type", "application/x-www-form-urlencoded");
    let (first, rest) = code.split_at(3);
    let answer = call
        .body(format!("verificationToken={token}&otp={first}%20{rest}"))
        .send()
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for (body, field) in [
        (json!({ "otp": "1" }), "verificationToken"),
        (json!({ "verificationToken": token }), "otp"),
    ] {
        let (status, answer) = shop.post(EMAIL.verify, &body).await.whole();
        assert_eq!(
            (status, &answer["message"]),
            (400, &json!(format!("{field} is required.")))
        );
    }
}
