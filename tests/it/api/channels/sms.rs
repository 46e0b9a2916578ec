//! `POST /e/{environment}/channels/sms`

use aboard::channels::ChannelKind;
use aboard_fakes::{Plan, Reply, Step, Twilio, TwilioMessage};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{SMS, Way};

on_both! {
    what_arrives_is_written_down,
    a_landline_gets_the_same_code_over_whatsapp,
    a_call_that_twilio_did_not_sign_changes_nothing,
    what_nobody_answered_is_found_by_the_address_we_gave,
}

const GOOD: Way = SMS.with("+306912345678");

/// A Twilio that production sends over.
async fn twilio(app: &TestApp) -> Twilio {
    let fake = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &fake.credentials()).await;
    fake
}

async fn what_arrives_is_written_down(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = twilio(&app).await;
    fake.plan(
        "+306912345678",
        Plan::Take(vec![Step::Delivered, Step::Sent, Step::Delivered]),
    );
    GOOD.begin(&app.real_shop().await).await;
    app.app.messages.run_due().await;
    let calls = fake.wait_for_reports(3).await;
    assert!(calls.iter().all(|(_, status)| *status == 200), "{calls:?}");
    app.app.messages.run_due().await;
    assert_eq!(
        (app.messages_in("delivered").await, app.count("provider_reports").await),
        (1, 2)
    );
}

async fn a_landline_gets_the_same_code_over_whatsapp(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (fake, whatsapp) = (twilio(&app).await, app.with_whatsapp().await);
    fake.plan("+306912345678", Plan::Take(vec![Step::Sent, Step::Failed(30_006)]));
    let shop = app.real_shop().await;
    let token = GOOD.begin(&shop).await;
    app.app.messages.run_due().await;
    fake.wait_for_reports(2).await;
    app.app.messages.run_due().await;
    let [arrived] = &whatsapp.messages()[..] else {
        panic!("one message")
    };
    assert!(fake.messages()[0].body.starts_with(&arrived.code));
    assert_eq!(GOOD.verify(&shop, &token, &arrived.code).await.status, 200);
    assert_eq!(app.count("destination_marks where channel = 'sms'").await, 1);
}

async fn a_call_that_twilio_did_not_sign_changes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = twilio(&app).await;
    fake.plan("+306912345678", Plan::Take(Vec::new()));
    GOOD.begin(&app.real_shop().await).await;
    app.app.messages.run_due().await;
    let sent: TwilioMessage = fake.messages().remove(0);
    let form = format!(
        "AccountSid=AC00000000000000000000000000000001&MessageSid={}&MessageStatus=failed&ErrorCode=30006",
        sent.sid
    );
    let called = sent.status_callback.unwrap();
    let path = called.strip_prefix(&app.app.url).unwrap();
    let before = app.contents().await;
    for (path, signature) in [(path, ""), (path, "AAAA"), ("/e/x/channels/sms", "AAAA")] {
        let call = app.anonymous().call("POST", path);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        let answer = call
            .header("x-twilio-signature", signature)
            .body(form.clone())
            .send()
            .await;
        assert_eq!(answer.status, 403, "{path}");
    }
    app.app.messages.run_due().await;
    assert_eq!(app.contents().await, before);
}

async fn what_nobody_answered_is_found_by_the_address_we_gave(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = twilio(&app).await;
    fake.plan("+306912345678", Plan::Misbehave(Reply::Garbage));
    let shop = app.real_shop().await;
    GOOD.begin(&shop).await;
    app.app.messages.run_due().await;
    assert_eq!(app.messages_in("unknown").await, 1);
    let asked = String::from_utf8(fake.requests()[0].body.to_vec()).unwrap();
    let called = url::form_urlencoded::parse(asked.as_bytes())
        .find(|(name, _)| name == "StatusCallback")
        .unwrap()
        .1
        .into_owned();
    let pairs = [
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("MessageSid", "SM77"),
        ("MessageStatus", "delivered"),
    ];
    let signed = pairs
        .iter()
        .fold(called.clone(), |signed, (name, value)| signed + name + value);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"fake-auth-token");
    let signature = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        aws_lc_rs::hmac::sign(&key, signed.as_bytes()),
    );
    let form = pairs.map(|(name, value)| format!("{name}={value}")).join("&");
    let call = app.anonymous().call("POST", called.strip_prefix(&app.app.url).unwrap());
    let call = call.header("x-twilio-signature", &signature);
    assert_eq!(call.body(form).send().await.status, 200);
    app.app.messages.run_due().await;
    assert_eq!(
        app.count("messages where state = 'delivered' and provider_id = 'SM77'")
            .await,
        1
    );
}
