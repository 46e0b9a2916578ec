//! Sending codes in production, against the fakes of the providers.

use std::time::Duration;

use aboard::channels::{ChannelKind, Channels};
use aboard::domain::EnvironmentKind;
use aboard::jobs::messages::MessageWorker;
use aboard::sealed;
use aboard_fakes::{Answer, Plan, Reply, Step, Twilio, WhatsApp};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::channels::rig::outbound;
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;
use crate::support::codes::{SMS, WHATSAPP, Way};

on_both! {
    a_code_goes_out_and_logs_the_person_in,
    without_a_channel_the_call_is_answered_alike_and_the_message_fails,
    a_number_without_whatsapp_gets_an_sms,
    a_channel_out_of_order_carries_nothing_more,
    a_limit_of_the_provider_is_waited_for,
    what_may_have_been_sent_is_not_sent_again,
    nothing_is_sent_after_the_end_of_the_code,
    a_provider_that_is_down_is_waited_for_and_then_gone_around,
    a_provider_that_never_answers_blocks_nobody_and_loses_no_code,
    a_provider_that_lies_keeps_nobody_from_another_channel,
    reports_are_worked_on_while_a_provider_holds_every_attempt,
}

const GOOD: Way = WHATSAPP.with("306912345678");

/// A server, a shop in its production, and a worker that may call the fakes on this machine.
pub struct Rig {
    pub app: TestApp,
    pub shop: Client,
    pub worker: MessageWorker,
}

pub async fn start(engine: Engine) -> Rig {
    start_with(engine, Duration::from_secs(20)).await
}

/// With the time that a provider has to answer.
async fn start_with(engine: Engine, patience: Duration) -> Rig {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.production, &[]).await;
    let shop = app.anonymous().with("x-client-secret", &made.client_secret);
    let instance = app.instance().clone();
    let channels = Channels::new(outbound(patience), instance.clock.clone());
    let worker = MessageWorker::new(
        instance,
        channels,
        app.app.url.clone(),
        EnvironmentKind::Sandbox,
        Duration::from_secs(1),
    );
    Rig { app, shop, worker }
}

pub async fn set(app: &TestApp, kind: ChannelKind, credentials: &Value) {
    let (instance, environment) = (app.instance(), app.production.environment.id);
    let place = sealed::channel(environment, kind.name());
    let sealed = instance
        .vault
        .seal(&place, credentials.to_string().as_bytes(), instance.ids.entropy());
    let admin = app.admin();
    let set = instance
        .store
        .set_channel(&admin, environment, kind.name(), sealed, app.now());
    set.await.unwrap();
}

async fn states(app: &TestApp, state: &str) -> usize {
    app.count(&format!("messages where state = '{state}'")).await
}

async fn a_code_goes_out_and_logs_the_person_in(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let fake = WhatsApp::start().await.unwrap();
    set(&app, ChannelKind::WhatsApp, &fake.credentials()).await;
    let token = GOOD.begin(&shop).await;
    assert!(fake.messages().is_empty());
    assert_eq!(worker.run_due().await, 1);
    let [arrived] = &fake.messages()[..] else {
        panic!("one message")
    };
    assert_eq!(arrived.to, "306912345678");
    assert_eq!(
        app.count("messages where state = 'sent' and sealed is null and provider_id is not null")
            .await,
        1
    );
    assert_eq!(app.count("inbox").await, 0);
    assert_eq!(GOOD.verify(&shop, &token, &arrived.code).await.status, 200);
    assert_eq!(worker.run_due().await, 0);
}

async fn without_a_channel_the_call_is_answered_alike_and_the_message_fails(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    assert_eq!(GOOD.ask(&shop).await.status, 200);
    worker.run_due().await;
    assert_eq!(app.count("messages where state = 'failed' and sealed is null").await, 1);
    assert_eq!(app.count("jobs").await, 0);
}

async fn a_number_without_whatsapp_gets_an_sms(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let (whatsapp, twilio) = (WhatsApp::start().await.unwrap(), Twilio::start().await.unwrap());
    set(&app, ChannelKind::WhatsApp, &whatsapp.credentials()).await;
    set(&app, ChannelKind::Sms, &twilio.credentials()).await;
    whatsapp.plan("306912345678", Plan::Refuse(131_026));
    let token = GOOD.begin(&shop).await;
    assert_eq!(worker.run_due().await, 2);
    let [arrived] = &twilio.messages()[..] else {
        panic!("one SMS")
    };
    let code = arrived.body.split(':').next().unwrap().to_owned();
    assert_eq!(GOOD.verify(&shop, &token, &code).await.status, 200);
    assert_eq!(
        (states(&app, "failed").await, app.count("destination_marks").await),
        (0, 1)
    );
    // The next one does not even try.
    app.advance(60);
    let asked = whatsapp.requests().len();
    GOOD.begin(&shop).await;
    worker.run_due().await;
    assert_eq!((whatsapp.requests().len(), twilio.messages().len()), (asked, 2));
}

async fn a_channel_out_of_order_carries_nothing_more(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let (whatsapp, twilio) = (WhatsApp::start().await.unwrap(), Twilio::start().await.unwrap());
    let mut wrong = whatsapp.credentials();
    wrong["access_token"] = "revoked".into();
    set(&app, ChannelKind::WhatsApp, &wrong).await;
    set(&app, ChannelKind::Sms, &twilio.credentials()).await;
    GOOD.begin(&shop).await;
    worker.run_due().await;
    assert_eq!(twilio.messages().len(), 1);
    assert_eq!(
        app.count("channel_credentials where stopped_at is not null and channel = 'whatsapp'")
            .await,
        1
    );
    let asked = whatsapp.requests().len();
    WHATSAPP.with("306912345679").begin(&shop).await;
    worker.run_due().await;
    assert_eq!((whatsapp.requests().len(), twilio.messages().len()), (asked, 2));
    app.advance(1);
    set(&app, ChannelKind::WhatsApp, &whatsapp.credentials()).await;
    WHATSAPP.with("306912345670").begin(&shop).await;
    worker.run_due().await;
    assert_eq!(whatsapp.messages().len(), 1);
}

async fn a_limit_of_the_provider_is_waited_for(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let fake = WhatsApp::start().await.unwrap();
    set(&app, ChannelKind::WhatsApp, &fake.credentials()).await;
    fake.plan("306912345678", Plan::Refuse(130_429));
    let token = GOOD.begin(&shop).await;
    assert_eq!(worker.run_due().await, 1);
    assert_eq!((fake.messages().len(), states(&app, "pending").await), (0, 1));
    fake.plan("306912345678", Plan::default());
    for _ in 0..30 {
        app.advance(2);
        worker.run_due().await;
    }
    let [arrived] = &fake.messages()[..] else {
        panic!("one message")
    };
    assert_eq!(GOOD.verify(&shop, &token, &arrived.code).await.status, 200);
}

async fn what_may_have_been_sent_is_not_sent_again(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let fake = Twilio::start().await.unwrap();
    set(&app, ChannelKind::Sms, &fake.credentials()).await;
    SMS.begin(&shop).await;
    // A node that died: it had claimed the message, and nobody knows what came of it.
    let (store, system, dead) = (&app.instance().store, app.system(), app.instance().ids.id());
    let lease = app.now() + jiff::SignedDuration::from_secs(60);
    let claimed = store.claim_messages(system, dead, app.now(), lease, 1).await.unwrap();
    assert_eq!(claimed.len(), 1);
    app.advance(60);
    assert_eq!(worker.run_due().await, 1);
    assert_eq!((fake.messages().len(), states(&app, "unknown").await), (0, 1));
    // The person asks again.
    SMS.begin(&shop).await;
    worker.run_due().await;
    assert_eq!(fake.messages().len(), 1);
}

async fn nothing_is_sent_after_the_end_of_the_code(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let fake = WhatsApp::start().await.unwrap();
    set(&app, ChannelKind::WhatsApp, &fake.credentials()).await;
    GOOD.begin(&shop).await;
    app.advance(600);
    worker.run_due().await;
    assert_eq!((fake.requests().len(), states(&app, "failed").await), (0, 1));
}

async fn a_provider_that_is_down_is_waited_for_and_then_gone_around(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let sms = Twilio::start().await.unwrap();
    set(&app, ChannelKind::Sms, &sms.credentials()).await;
    let gone = WhatsApp::start().await.unwrap();
    let credentials = gone.credentials();
    drop(gone);
    set(&app, ChannelKind::WhatsApp, &credentials).await;
    let token = GOOD.begin(&shop).await;
    let mut attempts = 0;
    while sms.messages().is_empty() {
        attempts += worker.run_due().await;
        app.advance(1);
        assert!(attempts < 10);
    }
    assert!(attempts > 2, "{attempts}");
    let code = sms.messages()[0].body.split(':').next().unwrap().to_owned();
    assert_eq!(GOOD.verify(&shop, &token, &code).await.status, 200);
    // It is down, not out of order: the next one asks it again.
    assert_eq!(app.count("channel_credentials where stopped_at is not null").await, 0);
}

async fn a_provider_that_never_answers_blocks_nobody_and_loses_no_code(engine: Engine) {
    let Rig { app, shop, worker } = start_with(engine, Duration::from_millis(500)).await;
    let (whatsapp, sms) = (WhatsApp::start().await.unwrap(), Twilio::start().await.unwrap());
    set(&app, ChannelKind::WhatsApp, &whatsapp.credentials()).await;
    set(&app, ChannelKind::Sms, &sms.credentials()).await;
    whatsapp.plan_all(Some(Plan::Misbehave(Reply::Hold(Answer::json(200, &Value::Null)))));
    let token = GOOD.begin(&shop).await;
    let sending = {
        let worker = worker.clone();
        tokio::spawn(async move { worker.run_due().await })
    };
    // While that one is waited for, others are answered and served.
    assert_eq!(SMS.with("+306912345679").ask(&shop).await.status, 200);
    assert_eq!(sending.await.unwrap(), 2);
    assert_eq!((sms.messages().len(), states(&app, "unknown").await), (1, 1));
    // It may have gone out, so it does not go out again by itself; the person asks over the other channel.
    app.advance(60);
    let again = json!({ "verificationToken": token, "channel": "sms" });
    assert_eq!(shop.post("/api/v2/auth/resend", &again).await.status, 200);
    worker.run_due().await;
    let code = sms.messages()[1].body.split(':').next().unwrap().to_owned();
    assert_eq!(GOOD.verify(&shop, &token, &code).await.status, 200);
}

async fn a_provider_that_lies_keeps_nobody_from_another_channel(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let sms = Twilio::start().await.unwrap();
    set(&app, ChannelKind::Sms, &sms.credentials()).await;
    let whatsapp = app.with_whatsapp().await;
    // It says that the message was read, and nobody has seen it.
    whatsapp.plan_all(Some(Plan::Take(vec![Step::Read])));
    let token = GOOD.begin(&shop).await;
    worker.run_due().await;
    whatsapp.wait_for_reports(1).await;
    worker.run_due().await;
    assert_eq!(states(&app, "delivered").await, 1);
    app.advance(60);
    let again = json!({ "verificationToken": token, "channel": "sms" });
    assert_eq!(shop.post("/api/v2/auth/resend", &again).await.status, 200);
    worker.run_due().await;
    let code = sms.messages()[0].body.split(':').next().unwrap().to_owned();
    assert_eq!(GOOD.verify(&shop, &token, &code).await.status, 200);
}

async fn reports_are_worked_on_while_a_provider_holds_every_attempt(engine: Engine) {
    let Rig { app, shop, worker } = start(engine).await;
    let whatsapp = app.with_whatsapp().await;
    whatsapp.plan_all(Some(Plan::Misbehave(Reply::Hold(Answer::json(200, &Value::Null)))));
    // More than are sent at once.
    for number in 0..70 {
        let to = json!({ "phoneNumber": format!("3069{number:02}345678") });
        let asked = shop.post(WHATSAPP.login, &to).await;
        assert_eq!(asked.status, 200, "{asked:?}");
    }
    let serving = {
        let worker = worker.clone();
        tokio::spawn(async move { worker.serve().await })
    };
    let followed = async {
        while whatsapp.requests().len() < 64 {
            tokio::task::yield_now().await;
        }
        whatsapp.report_fault(131_042);
        while app.count("channel_credentials where stopped_at is not null").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    let in_time = timeout(Duration::from_secs(15), followed).await;
    serving.abort();
    assert!(
        in_time.is_ok(),
        "the report waits behind {} attempts",
        whatsapp.requests().len()
    );
    assert_eq!(states(&app, "pending").await, 70);
}
