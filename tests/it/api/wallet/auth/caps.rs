//! What codes may cost in production, and that nobody can make a proven number unreachable by it.

use aboard::channels::ChannelKind;
use aboard_fakes::{Twilio, WhatsApp};
use serde_json::Value;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, SMS, WHATSAPP, Way};
use crate::support::token::parts;

on_both! {
    a_prefix_whose_codes_nobody_proves_stops_and_serves_proven_numbers,
    a_prefix_whose_codes_are_proven_goes_on,
    a_country_has_its_messages_of_a_day,
    a_closed_country_still_serves_proven_numbers,
    a_day_costs_no_more_than_it_may,
    a_channel_that_is_down_does_not_flood_the_other,
    a_sandbox_has_no_caps,
}

/// Numbers of one prefix.
const NUMBERS: [&str; 6] = [
    "306912340001",
    "306912340002",
    "306912340003",
    "306912340004",
    "306912340005",
    "306912340006",
];

/// As many calls as a test needs.
async fn start(engine: Engine, settings: &[(&str, &str)]) -> (TestApp, Client, WhatsApp) {
    let open = [("codes.per_network_hour", "1000"), ("codes.prefix_sends", "1000")];
    let app = TestApp::with(engine, &[&open, settings].concat()).await;
    let fake = app.with_whatsapp().await;
    let shop = app.real_shop().await;
    (app, shop, fake)
}

async fn log_in(app: &TestApp, shop: &Client, fake: &WhatsApp, number: &'static str) {
    let way = WHATSAPP.with(number);
    let token = way.begin(shop).await;
    app.app.messages.run_due().await;
    let messages = fake.messages();
    let arrived = messages
        .iter()
        .rev()
        .find(|message| message.to == number)
        .expect("it arrived");
    assert_eq!(way.verify(shop, &token, &arrived.code).await.status, 200);
}

/// Asks for a code, which is answered as always; whether anything was sent.
async fn is_sent(app: &TestApp, shop: &Client, fake: &WhatsApp, way: Way) -> bool {
    let before = fake.messages().len();
    assert_eq!(way.ask(shop).await.status, 200);
    app.app.messages.run_due().await;
    fake.messages().len() > before
}

async fn a_prefix_whose_codes_nobody_proves_stops_and_serves_proven_numbers(engine: Engine) {
    let (app, shop, fake) = start(engine, &[("codes.prefix_sends", "4"), ("codes.prefix_percent", "50")]).await;
    log_in(&app, &shop, &fake, NUMBERS[0]).await;
    for number in &NUMBERS[1..4] {
        assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(number)).await, "{number}");
    }
    // Four were sent and one proven.
    app.advance(60);
    let stranger = WHATSAPP.with(NUMBERS[4]);
    assert!(!is_sent(&app, &shop, &fake, stranger).await);
    assert_eq!(
        app.count("messages where state = 'failed' and last_error like 'withheld%'")
            .await,
        1
    );
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[0])).await);
    // Other prefixes are not concerned, and neither is the next day.
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with("306987654321")).await);
    app.advance(86_400);
    assert!(is_sent(&app, &shop, &fake, stranger).await);
    // What is answered tells nothing, also past the stop.
    for number in &NUMBERS[1..4] {
        is_sent(&app, &shop, &fake, WHATSAPP.with(number)).await;
    }
    let shape = |answer: Answer| {
        let mut body = answer.json();
        let token = body["data"]["verifyToken"].take();
        let (header, claims, _) = parts(token.as_str().unwrap());
        let claims: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        let names: Vec<_> = answer.header_names().into_iter().map(str::to_owned).collect();
        (answer.status, body, header, claims, names)
    };
    let known = shape(WHATSAPP.with(NUMBERS[0]).ask(&shop).await);
    assert_eq!(known, shape(WHATSAPP.with(NUMBERS[5]).ask(&shop).await));
}

async fn a_prefix_whose_codes_are_proven_goes_on(engine: Engine) {
    let (app, shop, fake) = start(engine, &[("codes.prefix_sends", "2"), ("codes.prefix_percent", "50")]).await;
    for number in NUMBERS {
        log_in(&app, &shop, &fake, number).await;
    }
}

async fn a_country_has_its_messages_of_a_day(engine: Engine) {
    let (app, shop, fake) = start(engine, &[("codes.per_country_day", "2")]).await;
    for number in &NUMBERS[..2] {
        assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(number)).await);
    }
    assert!(!is_sent(&app, &shop, &fake, WHATSAPP.with("306987654321")).await);
    // Another country, and mail.
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with("447400123456")).await);
    assert_eq!(EMAIL.ask(&shop).await.status, 200);
    app.advance(86_400);
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with("306987654321")).await);
}

async fn a_closed_country_still_serves_proven_numbers(engine: Engine) {
    let (app, shop, fake) = start(engine, &[]).await;
    log_in(&app, &shop, &fake, NUMBERS[0]).await;
    let setting = aboard::store::StoredSetting {
        environment: app.production.environment.id,
        name: "codes.country_caps".to_owned(),
        value: r#"["GR=0"]"#.to_owned(),
    };
    let store = &app.instance().store;
    store.set_setting(&app.admin(), setting, app.now()).await.unwrap();
    app.instance().settings.load(store).await.unwrap();
    app.advance(60);
    assert!(!is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[1])).await);
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[0])).await);
}

async fn a_day_costs_no_more_than_it_may(engine: Engine) {
    let costs = [
        ("codes.whatsapp_cost", "30"),
        ("codes.sms_cost", "60"),
        ("codes.spend_per_day", "100"),
    ];
    let (app, shop, fake) = start(engine, &costs).await;
    let sms = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &sms.credentials()).await;
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[0])).await);
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[1])).await);
    // An SMS would cost too much, a message not.
    assert_eq!(SMS.with("+306912340003").ask(&shop).await.status, 200);
    app.app.messages.run_due().await;
    assert!(sms.messages().is_empty());
    assert!(is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[3])).await);
    assert!(!is_sent(&app, &shop, &fake, WHATSAPP.with(NUMBERS[4])).await);
}

async fn a_channel_that_is_down_does_not_flood_the_other(engine: Engine) {
    let (app, shop, fake) = start(engine, &[("codes.fall_backs_per_hour", "2")]).await;
    log_in(&app, &shop, &fake, NUMBERS[0]).await;
    let sms = Twilio::start().await.unwrap();
    app.set_channel(ChannelKind::Sms, &sms.credentials()).await;
    fake.plan_all(Some(aboard_fakes::Plan::Refuse(131_056)));
    let mut reached = Vec::new();
    app.advance(60);
    for number in NUMBERS {
        let before = sms.messages().len();
        assert_eq!(WHATSAPP.with(number).ask(&shop).await.status, 200);
        app.app.messages.run_due().await;
        reached.push(sms.messages().len() > before);
    }
    // Two of those whom nobody knows, after the one who has proven the number.
    assert_eq!(reached, [true, true, false, false, false, false]);
    assert_eq!(app.messages_in("failed").await, 4);
    app.advance(60);
    // Who has proven it is served past the budget.
    assert_eq!(WHATSAPP.with(NUMBERS[0]).ask(&shop).await.status, 200);
    app.app.messages.run_due().await;
    assert_eq!(sms.messages().len(), 3);
}

async fn a_sandbox_has_no_caps(engine: Engine) {
    let settings = [
        ("codes.per_country_day", "1"),
        ("codes.spend_per_day", "1"),
        ("codes.prefix_sends", "1"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let shop = app.shop().await;
    for number in NUMBERS {
        WHATSAPP.with(number).begin(&shop).await;
    }
    app.app.messages.run_due().await;
    let server = app.server();
    let kept: Value = server.get("/v1/inbox").await.json()["data"].clone();
    assert_eq!(kept.as_array().unwrap().len(), NUMBERS.len());
    assert_eq!(app.count("code_counts").await, 0);
}
