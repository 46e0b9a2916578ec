//! WhatsApp, against the fake of the Cloud API.

use std::time::Duration;

use aboard::channels::{AppName, Channel, ChannelKind, Channels, Mark, Purpose, Says, Then};
use aboard::domain::EnvironmentKind::Production;
use aboard::domain::{Language, Notice};
use aboard_fakes::{Answer, Plan, Receiver, Reply, WhatsApp, WhatsAppOptions};
use serde_json::{Value, json};

use super::rig::{CODE, PHONE, assert_fails, channel, impatient, message, patient, says, send};

const DIGITS: &str = "306912345678";

fn to(fake: &WhatsApp) -> Channel {
    channel(ChannelKind::WhatsApp, &fake.credentials())
}

#[tokio::test]
async fn a_code_arrives_in_the_text_and_on_the_button() {
    let fake = WhatsApp::start().await.unwrap();
    let sent = send(&patient(), &to(&fake), &message(PHONE)).await.unwrap();
    let [taken] = fake.messages().try_into().unwrap();
    assert_eq!(sent.provider_id.as_ref(), Some(&taken.id));
    assert_eq!(sent.trouble, None);
    assert_eq!((taken.to.as_str(), taken.code.as_str()), (DIGITS, CODE));
    assert_eq!(
        (taken.template.as_str(), taken.language.as_str()),
        ("login_code", "en_US")
    );
    assert_eq!(taken.reference.as_deref(), Some("msg_01hzy8d3c3x1e"));
    // The fake checks the rest; the app's name and anything else of ours has no place in the template.
    let [request] = fake.requests().try_into().unwrap();
    assert_eq!(request.path, "/v24.0/106540352242922/messages");
    assert!(!String::from_utf8_lossy(&request.body).contains("Acme"));
}

#[tokio::test]
async fn the_template_speaks_the_language_or_the_first_one() {
    let fake = WhatsApp::start().await.unwrap();
    let mut credentials = fake.credentials();
    credentials["languages"] = json!(["en_US", "el", "ar"]);
    let channel = channel(ChannelKind::WhatsApp, &credentials);
    for language in Language::ALL {
        let message = aboard::channels::Message {
            language: *language,
            ..message(PHONE)
        };
        send(&patient(), &channel, &message).await.unwrap();
    }
    let languages: Vec<_> = fake.messages().into_iter().map(|taken| taken.language).collect();
    assert_eq!(languages, ["en_US", "el", "ar", "en_US"]);
}

#[tokio::test]
async fn a_missing_translation_is_worked_around_and_reported() {
    let options = WhatsAppOptions {
        templates: vec![("login_code".to_owned(), "en_US".to_owned())],
        ..WhatsAppOptions::default()
    };
    let fake = WhatsApp::start_with(options).await.unwrap();
    let mut credentials = fake.credentials();
    credentials["languages"] = json!(["en_US", "el"]);
    let channel = channel(ChannelKind::WhatsApp, &credentials);
    let mut greek = message(PHONE);
    greek.language = Language::Greek;
    let sent = send(&patient(), &channel, &greek).await.unwrap();
    assert_eq!(fake.messages()[0].language, "en_US");
    let trouble = sent.trouble.unwrap();
    assert_eq!((trouble.code, trouble.about.alarms()), (Some(132_001), true));
}

#[tokio::test]
async fn a_paused_template_gives_way_to_the_reserve() {
    const RESERVE: &str = "login_code_2";
    let receiver = Receiver::start().await.unwrap();
    receiver.reply_with(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if body["template"]["name"] == RESERVE {
            Answer::json(200, &json!({"messages": [{"id": "wamid.A"}]})).into()
        } else {
            Answer::json(400, &json!({"error": {"code": 132_015, "message": "paused"}})).into()
        }
    });
    let fake = WhatsApp::start().await.unwrap();
    let mut credentials = fake.credentials();
    credentials["base_url"] = json!(receiver.url(""));
    let without = channel(ChannelKind::WhatsApp, &credentials);
    assert_fails(
        send(&patient(), &without, &message(PHONE)).await,
        "fall_back",
        "template",
    );
    credentials["reserve_template"] = json!(RESERVE);
    let with = channel(ChannelKind::WhatsApp, &credentials);
    let sent = send(&patient(), &with, &message(PHONE)).await.unwrap();
    assert_eq!(sent.provider_id.as_deref(), Some("wamid.A"));
    assert_eq!(sent.trouble.unwrap().code, Some(132_015));
}

#[tokio::test]
async fn tries_of_one_attempt_are_counted() {
    let receiver = Receiver::start().await.unwrap();
    receiver.reply_with(|_| Answer::json(400, &json!({"error": {"code": 132_001}})).into());
    let fake = WhatsApp::start().await.unwrap();
    let mut credentials = fake.credentials();
    credentials["base_url"] = json!(receiver.url(""));
    let channel = channel(ChannelKind::WhatsApp, &credentials);
    let mut arabic = message(PHONE);
    arabic.language = Language::Arabic;
    assert_fails(send(&patient(), &channel, &arabic).await, "fall_back", "template");
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn every_error_of_the_table_has_its_consequence() {
    let fake = WhatsApp::start().await.unwrap();
    let channels = patient();
    for (code, then, about) in [
        (190, "stop", "credentials"),
        (10, "stop", "configuration"),
        (131_031, "stop", "configuration"),
        (131_048, "stop", "abuse"),
        (130_497, "fall_back", "country"),
        (130_429, "retry", "limit"),
        (131_056, "fall_back", "limit"),
        (131_026, "bad_destination", "destination"),
        (131_016, "retry", "provider"),
        (100, "fall_back", "message"),
        (132_012, "fall_back", "template"),
        (999_999, "fall_back", "provider"),
    ] {
        fake.plan(DIGITS, Plan::Refuse(code));
        let failure = assert_fails(send(&channels, &to(&fake), &message(PHONE)).await, then, about);
        assert_eq!(failure.code, Some(code));
    }
    let failure = send(&channels, &to(&fake), &message("+30690131026")).await;
    // Taken, and reported later: see `inbound`.
    assert!(failure.is_ok());
    fake.plan(DIGITS, Plan::Refuse(131_026));
    let failure = send(&channels, &to(&fake), &message(PHONE)).await.unwrap_err();
    assert_eq!(failure.then, Then::BadDestination(Mark::NotOnThisChannel));
}

#[tokio::test]
async fn a_wrong_token_stops_the_channel() {
    let fake = WhatsApp::start().await.unwrap();
    let mut credentials = fake.credentials();
    credentials["access_token"] = json!("another");
    let channel = channel(ChannelKind::WhatsApp, &credentials);
    let failure = assert_fails(send(&patient(), &channel, &message(PHONE)).await, "stop", "credentials");
    assert!(failure.about.alarms());
    assert!(fake.messages().is_empty());
}

#[tokio::test]
async fn what_a_lying_or_broken_provider_sends_is_never_taken_for_success() {
    let fake = WhatsApp::start().await.unwrap();
    let channels = patient();
    let found = Answer::new(302).header("location", "http://127.0.0.1:1/");
    let busy = Answer::new(503).header("retry-after", "7");
    for (reply, then, about) in [
        (Reply::Flood(1 << 30), "unknown", "provider"),
        (Reply::Garbage, "unknown", "provider"),
        (Reply::Reset, "unknown", "provider"),
        (Answer::new(200).into(), "unknown", "provider"),
        (
            Answer::json(200, &json!({"messages": [{"id": ""}]})).into(),
            "unknown",
            "provider",
        ),
        (
            Answer::json(200, &json!({"messages": [{"id": "a b"}]})).into(),
            "unknown",
            "provider",
        ),
        (Answer::json(200, &json!([[[[]]]])).into(), "unknown", "provider"),
        (
            Answer::json(500, &json!({"messages": [{"id": "wamid.A"}]})).into(),
            "retry",
            "provider",
        ),
        (found.into(), "stop", "configuration"),
        (Answer::new(401).into(), "stop", "credentials"),
        (busy.into(), "retry", "provider"),
    ] {
        fake.plan(DIGITS, Plan::Misbehave(reply.clone()));
        let sent = send(&channels, &to(&fake), &message(PHONE)).await;
        let failure = assert_fails(sent, then, about);
        if matches!(reply, Reply::Answer(Answer { status: 503, .. })) {
            let after = Some(Duration::from_secs(7));
            assert_eq!(failure.then, Then::Retry { after });
        }
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_leaves_the_outcome_unknown() {
    let fake = WhatsApp::start().await.unwrap();
    for reply in [
        Reply::Hold(Answer::new(200)),
        Reply::DripHead(Duration::from_millis(20)),
        Reply::DripBody(Duration::from_millis(20)),
    ] {
        fake.plan(DIGITS, Plan::Misbehave(reply));
        assert_fails(
            send(&impatient(), &to(&fake), &message(PHONE)).await,
            "unknown",
            "provider",
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_tried_again_since_nothing_was_sent() {
    let fake = WhatsApp::start().await.unwrap();
    let channel = to(&fake);
    drop(fake);
    assert_fails(send(&patient(), &channel, &message(PHONE)).await, "retry", "provider");
}

#[tokio::test]
async fn production_calls_no_inward_address() {
    let fake = WhatsApp::start().await.unwrap();
    let sent = patient().send(Production, &to(&fake), &message(PHONE)).await;
    assert_fails(sent, "stop", "configuration");
    assert!(fake.requests().is_empty());
}

async fn refused_unsent(
    channels: &Channels,
    fake: &WhatsApp,
    message: &aboard::channels::Message,
    words: (&str, &str),
) {
    assert_fails(send(channels, &to(fake), message).await, words.0, words.1);
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn what_it_cannot_carry_is_not_sent() {
    let fake = WhatsApp::start().await.unwrap();
    let channels = patient();
    let mut step_up = message(PHONE);
    step_up.says = says(Purpose::ExportWallet, "K7M29QXT");
    step_up.app = AppName::new("Acme").unwrap();
    refused_unsent(&channels, &fake, &step_up, ("fall_back", "message")).await;
    let mut notice = message(PHONE);
    notice.says = Says::Notice {
        notice: Notice::AddressAdded,
        about: None,
    };
    refused_unsent(&channels, &fake, &notice, ("fall_back", "message")).await;
    let mut late = message(PHONE);
    late.expires_at = super::rig::clock().now();
    refused_unsent(&channels, &fake, &late, ("fall_back", "message")).await;
    refused_unsent(&channels, &fake, &message("ada@example.com"), ("fall_back", "message")).await;
    refused_unsent(
        &channels,
        &fake,
        &message("1234567890"),
        ("bad_destination", "destination"),
    )
    .await;
}

#[test]
fn credentials_name_the_field_that_is_wrong() {
    let good = json!({
        "phone_number_id": "106540352242922", "access_token": "EAA", "app_secret": "s3cret", "verify_token": "v",
        "template": "login_code", "languages": ["en_US"],
    });
    for (field, value) in [
        ("phone_number_id", json!("+30 691")),
        ("phone_number_id", json!(106_540)),
        ("access_token", json!("a b")),
        ("access_token", json!("a\r\nx: y")),
        ("app_secret", json!(null)),
        ("verify_token", json!("")),
        ("template", json!("Login code")),
        ("languages", json!([])),
        ("languages", json!("en_US")),
        ("version", json!("24")),
        ("version", json!("v24.0/../x")),
        ("base_url", json!("ftp://graph.facebook.com")),
        ("base_url", json!("https://user@graph.facebook.com")),
        ("base_url", json!("graph.facebook.com")),
        ("acces_token", json!("EAA")),
    ] {
        let mut credentials = good.clone();
        credentials[field] = value.clone();
        let read = Channel::from_json(ChannelKind::WhatsApp, credentials.to_string().as_bytes());
        let error = read.err().unwrap_or_else(|| panic!("{field} = {value}"));
        assert_eq!(error.field, field);
        assert!(error.message.ends_with('.'), "{error}");
    }
    assert!(Channel::from_json(ChannelKind::WhatsApp, good.to_string().as_bytes()).is_ok());
    let error = Channel::from_json(ChannelKind::WhatsApp, b"s3cret").err().unwrap();
    assert!(error.field == "credentials" && !error.message.contains("s3cret"));
}
