//! `POST /api/v{1,2}/auth/login-sms`

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::SMS;

on_both! { it_is_the_call_for_whatsapp_over_another_channel }

async fn it_is_the_call_for_whatsapp_over_another_channel(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let answer = SMS.ask(&shop).await;
    let token = SMS.token_of(&answer);
    let expected = json!({
        "status": 200, "message": "OTP sent", "data": { "verifyToken": token, "isWalletCreated": false },
    });
    assert_eq!(answer.whole(), (200, expected));
    app.code_for("306912345678").await;
    assert_eq!(app.inbox("306912345678").await[0]["channel"], "sms");
}
