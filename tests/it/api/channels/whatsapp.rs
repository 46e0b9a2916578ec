//! `GET` and `POST /e/{environment}/channels/whatsapp`

use aboard::channels::ChannelKind;
use aboard_fakes::{Plan, Reply, Step, Twilio, WhatsApp};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Answer;
use crate::support::codes::{WHATSAPP, Way};

on_both! {
    the_webhook_is_set_up_by_who_knows_the_token,
    what_arrives_is_written_down_in_whatever_order,
    a_report_counts_once,
    a_forged_call_changes_nothing,
    a_number_without_whatsapp_gets_the_same_code_by_sms,
    a_failure_that_passes_is_tried_again,
    a_used_code_is_not_sent_again,
    a_fault_of_the_account_stops_the_channel,
    an_old_fault_says_nothing_of_new_credentials,
    a_message_of_another_number_is_left_alone,
    what_nobody_answered_is_found_by_our_own_name,
}

const GOOD: Way = WHATSAPP.with("306912345678");
/// The last six digits are the error that the fake reports.
const NOT_THERE: Way = WHATSAPP.with("306900131026");

/// Sends what is due, waits for so many calls of the fake, and works on their reports.
async fn send_and_follow(app: &TestApp, fake: &WhatsApp, reports: usize) {
    app.app.messages.run_due().await;
    let made = fake.wait_for_reports(reports).await;
    assert!(made.iter().all(|(_, status)| *status == 200), "{made:?}");
    app.app.messages.run_due().await;
}

async fn the_webhook_is_set_up_by_who_knows_the_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let path = app.provider_path("whatsapp");
    let ask = async |query: &str| app.anonymous().get(&format!("{path}?{query}")).await;
    let right = "hub.mode=subscribe&hub.verify_token=fake-verify-token&hub.challenge=1158201444";
    assert_eq!(ask(right).await.status, 403);
    let _fake = app.with_whatsapp().await;
    let answer = ask(right).await;
    assert_eq!((answer.status, answer.text()), (200, "1158201444"));
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    for wrong in [
        "",
        "hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1158201444",
        "hub.mode=unsubscribe&hub.verify_token=fake-verify-token&hub.challenge=1158201444",
    ] {
        let answer = ask(wrong).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(!answer.text().contains("1158201444"));
    }
    for nowhere in ["/e/nothing/channels/whatsapp", "/e/%00/channels/whatsapp"] {
        assert_eq!(app.anonymous().get(&format!("{nowhere}?{right}")).await.status, 403);
    }
}

async fn what_arrives_is_written_down_in_whatever_order(engine: Engine) {
    for (steps, calls, state) in [
        (vec![Step::Sent, Step::Delivered, Step::Read], 3, "delivered"),
        (vec![Step::Read, Step::Delivered, Step::Sent], 3, "delivered"),
        (vec![Step::WithNext, Step::Delivered, Step::Sent], 1, "delivered"),
        (vec![Step::Sent], 1, "sent"),
        (vec![Step::Failed(131_000), Step::Delivered], 2, "delivered"),
    ] {
        let app = TestApp::start(engine).await;
        let fake = app.with_whatsapp().await;
        fake.plan("306912345678", Plan::Take(steps.clone()));
        GOOD.begin(&app.real_shop().await).await;
        app.app.messages.run_due().await;
        fake.wait_for_reports(calls).await;
        // Once the first code has ended, a failure sends nothing more.
        app.advance(600);
        app.app.messages.run_due().await;
        assert_eq!(app.messages_in(state).await, 1, "{steps:?}");
        assert_eq!(app.count("jobs").await, 0, "{steps:?}");
    }
}

async fn a_report_counts_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    let sms = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &sms.credentials()).await;
    fake.plan("306912345678", Plan::Take(vec![Step::Failed(131_049); 3]));
    GOOD.begin(&app.real_shop().await).await;
    send_and_follow(&app, &fake, 3).await;
    assert_eq!(
        (
            app.count("provider_reports where channel = 'whatsapp'").await,
            sms.messages().len()
        ),
        (1, 1)
    );
    // A copy that comes days later as well.
    let (body, _) = fake.wait_for_reports(1).await.remove(0);
    assert_eq!(signed_call(&app, &body, "fake-app-secret").await.status, 200);
    app.app.messages.run_due().await;
    assert_eq!(
        (
            app.count("provider_reports where channel = 'whatsapp'").await,
            sms.messages().len()
        ),
        (1, 1)
    );
}

/// A call as Meta makes it, signed with a secret.
async fn signed_call(app: &TestApp, body: &Value, secret: &str) -> Answer {
    let body = body.to_string();
    let mac = aboard_vault::hmac_sha256(secret.as_bytes(), &[body.as_bytes()]);
    let hex = mac.map(|byte| format!("{byte:02x}")).concat();
    let call = app.anonymous().call("POST", &app.provider_path("whatsapp"));
    let call = call.header("content-type", "application/json");
    call.header("x-hub-signature-256", &format!("sha256={hex}"))
        .body(body)
        .send()
        .await
}

/// A report about a message, as Meta words it.
fn report(number: &str, id: &str, status: &str, code: i64) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": {"phone_number_id": number},
        "statuses": [{"id": id, "status": status, "timestamp": "1750857384", "errors": [{"code": code}]}],
    }}]}]})
}

const OURS: &str = "106540352242922";

async fn a_forged_call_changes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    fake.plan("306912345678", Plan::Take(Vec::new()));
    GOOD.begin(&app.real_shop().await).await;
    app.app.messages.run_due().await;
    let id = fake.messages()[0].id.clone();
    let before = app.contents().await;
    let path = app.provider_path("whatsapp");
    let said = report(OURS, &id, "failed", 131_042).to_string();
    for signature in ["", "sha256=", "sha256=00", &format!("sha256={}", "0".repeat(64))] {
        let call = app.anonymous().call("POST", &path);
        let call = call.header("content-type", "application/json");
        let answer = call
            .header("x-hub-signature-256", signature)
            .body(said.clone())
            .send()
            .await;
        assert_eq!(answer.status, 403, "{signature}");
    }
    for secret in ["another", "EAAfake", "fake-verify-token", ""] {
        let answer = signed_call(&app, &report(OURS, &id, "failed", 131_042), secret).await;
        assert_eq!(answer.status, 403, "{secret}");
    }
    // Nor does a signature that is good elsewhere: the stranger's environment has no such channel.
    let elsewhere = format!("/e/{}/channels/whatsapp", app.stranger.environment.id);
    assert_eq!(
        app.anonymous().call("POST", &elsewhere).body(said).send().await.status,
        403
    );
    app.app.messages.run_due().await;
    assert_eq!(app.contents().await, before);
    assert_eq!(app.count("channel_credentials where stopped_at is not null").await, 0);
}

async fn a_number_without_whatsapp_gets_the_same_code_by_sms(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    let sms = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &sms.credentials()).await;
    let shop = app.real_shop().await;
    let token = NOT_THERE.begin(&shop).await;
    send_and_follow(&app, &fake, 1).await;
    let [text] = &sms.messages()[..] else { panic!("one SMS") };
    assert_eq!(text.to, "+306900131026");
    assert!(text.body.starts_with(&fake.messages()[0].code), "{}", text.body);
    assert_eq!((app.messages_in("failed").await, app.count("messages").await), (1, 2));
    assert_eq!(
        NOT_THERE.verify(&shop, &token, &fake.messages()[0].code).await.status,
        200
    );
    // The next one goes there at once.
    app.advance(60);
    NOT_THERE.begin(&shop).await;
    app.app.messages.run_due().await;
    assert_eq!((fake.messages().len(), sms.messages().len()), (1, 2));
}

async fn a_failure_that_passes_is_tried_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    fake.plan("306912345678", Plan::Take(vec![Step::Failed(131_000)]));
    let shop = app.real_shop().await;
    let token = GOOD.begin(&shop).await;
    send_and_follow(&app, &fake, 1).await;
    assert_eq!(fake.messages().len(), 1);
    fake.plan("306912345678", Plan::Take(vec![Step::Delivered]));
    app.advance(30);
    app.app.messages.run_due().await;
    let [first, second] = &fake.messages()[..] else {
        panic!("two messages")
    };
    assert_eq!(first.code, second.code);
    assert_eq!(GOOD.verify(&shop, &token, &second.code).await.status, 200);
}

async fn a_used_code_is_not_sent_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    let sms = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &sms.credentials()).await;
    fake.plan("306912345678", Plan::Take(Vec::new()));
    let shop = app.real_shop().await;
    let token = GOOD.begin(&shop).await;
    app.app.messages.run_due().await;
    let message = fake.messages()[0].clone();
    assert_eq!(GOOD.verify(&shop, &token, &message.code).await.status, 200);
    let said = report(OURS, &message.id, "failed", 131_026);
    assert_eq!(signed_call(&app, &said, "fake-app-secret").await.status, 200);
    app.app.messages.run_due().await;
    assert_eq!(
        (sms.messages().len(), app.count("jobs where kind <> 'webhook'").await),
        (0, 0)
    );
}

async fn a_fault_of_the_account_stops_the_channel(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    let sms = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &sms.credentials()).await;
    fake.report_fault(131_042);
    fake.wait_for_reports(1).await;
    app.app.messages.run_due().await;
    assert_eq!(
        app.count("channel_credentials where channel = 'whatsapp' and stopped_why like '%payment%131042%'")
            .await,
        1
    );
    GOOD.begin(&app.real_shop().await).await;
    app.app.messages.run_due().await;
    assert_eq!((fake.messages().len(), sms.messages().len()), (0, 1));
}

async fn an_old_fault_says_nothing_of_new_credentials(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    fake.report_fault(131_042);
    fake.wait_for_reports(1).await;
    // Somebody mends it before the report is worked on.
    app.advance(1);
    app.set_channel(ChannelKind::WhatsApp, &fake.credentials()).await;
    app.app.messages.run_due().await;
    assert_eq!(app.count("channel_credentials where stopped_at is not null").await, 0);
}

async fn a_message_of_another_number_is_left_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    fake.plan("306912345678", Plan::Take(Vec::new()));
    GOOD.begin(&app.real_shop().await).await;
    app.app.messages.run_due().await;
    let id = fake.messages()[0].id.clone();
    for said in [
        report("999", &id, "failed", 131_026),
        report(OURS, "wamid.of-nobody", "failed", 131_026),
        json!({"object": "whatsapp_business_account", "entry": []}),
        json!("nothing"),
    ] {
        assert_eq!(signed_call(&app, &said, "fake-app-secret").await.status, 200, "{said}");
    }
    // What nothing is known of is waited for, and then forgotten.
    for _ in 0..40 {
        app.app.messages.run_due().await;
        app.advance(1);
    }
    assert_eq!((app.messages_in("sent").await, app.count("jobs").await), (1, 0));
}

async fn what_nobody_answered_is_found_by_our_own_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fake = app.with_whatsapp().await;
    fake.plan("306912345678", Plan::Misbehave(Reply::Garbage));
    GOOD.begin(&app.real_shop().await).await;
    app.app.messages.run_due().await;
    assert_eq!(app.messages_in("unknown").await, 1);
    let body: Value = serde_json::from_slice(&fake.requests()[0].body).unwrap();
    let mut said = report(OURS, "wamid.it-went-out", "delivered", 0);
    said["entry"][0]["changes"][0]["value"]["statuses"][0]["biz_opaque_callback_data"] =
        body["biz_opaque_callback_data"].clone();
    assert_eq!(signed_call(&app, &said, "fake-app-secret").await.status, 200);
    app.app.messages.run_due().await;
    let found = "messages where state = 'delivered' and provider_id = 'wamid.it-went-out'";
    assert_eq!(app.count(found).await, 1);
}
