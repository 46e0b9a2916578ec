//! `POST /api/v{1,2}/auth/login-otp`

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;

on_both! {
    json_and_forms_are_taken,
    a_wrong_address_is_refused,
}

async fn json_and_forms_are_taken(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let form = shop.submit(EMAIL.login, "email=a%2Bb%40example.com").await;
    let token = form.json()["data"]["verificationToken"].as_str().unwrap().to_owned();
    let expected = json!({ "status": 200, "message": "OTP sent", "data": { "verificationToken": token } });
    assert_eq!(form.whole(), (200, expected));
    let code = app.code_for("a%2Bb@example.com").await;
    let inbox = app.inbox("a%2Bb@example.com").await;
    let [kept] = &inbox.as_array().unwrap()[..] else {
        panic!("one message")
    };
    assert_eq!(
        (&kept["channel"], &kept["subject"]),
        (&json!("email"), &json!("Your code to log in to Shop"))
    );
    assert!(kept["text"].as_str().unwrap().starts_with(&format!(
        "{code}\n\nYour code to log in to Shop.\nIt works for 10 minutes."
    )));
    assert_eq!(EMAIL.verify(&shop, &token, &code).await.status, 200);
    assert_eq!(EMAIL.ask(&shop).await.status, 200);
}

async fn a_wrong_address_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    for email in [
        json!("nobody"),
        json!(""),
        Value::Null,
        json!("\u{212a}@example.com"),
        json!(7),
    ] {
        let (status, body) = shop.post(EMAIL.login, &json!({ "email": email })).await.whole();
        assert_eq!(
            (status, &body["status"], &body["data"]),
            (400, &json!(400), &Value::Null)
        );
        assert!(body["message"].as_str().unwrap().contains("email"), "{body}");
    }
    assert_eq!(app.count("messages").await, 0);
}
