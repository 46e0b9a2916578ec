//! `POST /api/v{1,2}/auth/verify-sms`

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{SMS, WHATSAPP};
use crate::support::token::parts;

on_both! { a_number_is_one_person_over_either_channel }

async fn a_number_is_one_person_over_either_channel(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let by_sms = app.log_in(SMS, &shop).await;
    app.advance(60);
    let by_whatsapp = app.log_in(WHATSAPP.with("306912345678"), &shop).await;
    let [(_, sms, _), (_, whatsapp, _)] = [parts(&by_sms), parts(&by_whatsapp)];
    assert_eq!(sms["sub"], whatsapp["sub"]);
    assert_eq!(
        (&sms["provider"], &whatsapp["provider"]),
        (&"sms".into(), &"whatsapp".into())
    );
}
