//! SMS, against the fake of Twilio.

use std::time::Duration;

use aboard::channels::{AppName, Channel, ChannelKind, Mark, Purpose, Then};
use aboard::domain::Language;
use aboard_fakes::{Answer, Plan, Reply, Twilio, TwilioOptions};
use serde_json::json;

use super::rig::{CODE, PHONE, assert_fails, channel, impatient, message, patient, says, send};

fn to(fake: &Twilio) -> Channel {
    channel(ChannelKind::Sms, &fake.credentials())
}

#[tokio::test]
async fn a_code_arrives_as_a_text() {
    let fake = Twilio::start().await.unwrap();
    let mut message = message(PHONE);
    message.page_host = Some("login.example.com".to_owned());
    message.status_url = Some("https://login.example.com/hooks/twilio?e=1&x=a b".to_owned());
    let sent = send(&patient(), &to(&fake), &message).await.unwrap();
    let [taken] = fake.messages().try_into().unwrap();
    assert_eq!(sent.provider_id.as_ref(), Some(&taken.sid));
    assert_eq!((taken.to.as_str(), taken.sender.as_str()), (PHONE, "+15005550006"));
    assert_eq!(
        taken.body,
        format!("{CODE}: Your code to log in to Acme. Do not share it.\n@login.example.com #{CODE}")
    );
    assert_eq!(taken.status_callback, message.status_url);
    // The code works for ten minutes, and an SMS that comes later is not delivered.
    assert_eq!(taken.validity_period.as_deref(), Some("600"));
}

#[tokio::test]
async fn a_step_up_names_the_purpose_and_the_app_in_every_language() {
    let fake = Twilio::start().await.unwrap();
    for language in Language::ALL {
        let mut step_up = message(PHONE);
        step_up.says = says(Purpose::ExportWallet, "K7M29QXT");
        step_up.language = *language;
        step_up.app = AppName::new("Acme & Söhne").unwrap();
        send(&patient(), &to(&fake), &step_up).await.unwrap();
    }
    let bodies: Vec<_> = fake.messages().into_iter().map(|taken| taken.body).collect();
    for (body, purpose) in bodies.iter().zip(["WALLET", "ΠΟΡΤΟΦΟΛΙΟΥ", "محفظتك", "DOMPET"]) {
        assert!(body.trim_start_matches('\u{200f}').starts_with("K7M29QXT: "), "{body}");
        assert!(body.contains(purpose) && body.contains("Acme & Söhne"), "{body}");
    }
}

#[tokio::test]
async fn a_messaging_service_and_an_api_key_do_as_well() {
    let options = TwilioOptions {
        api_key: Some(("SK00000000000000000000000000000001".to_owned(), "key-secret".to_owned())),
        ..TwilioOptions::default()
    };
    let fake = Twilio::start_with(options).await.unwrap();
    let mut credentials = fake.credentials();
    credentials["from"] = json!(null);
    credentials["messaging_service_sid"] = json!("MG00000000000000000000000000000001");
    credentials["api_key_sid"] = json!("SK00000000000000000000000000000001");
    credentials["api_key_secret"] = json!("key-secret");
    let channel = channel(ChannelKind::Sms, &credentials);
    send(&patient(), &channel, &message(PHONE)).await.unwrap();
    assert_eq!(fake.messages()[0].sender, "MG00000000000000000000000000000001");
}

#[tokio::test]
async fn the_magic_numbers_meet_their_errors() {
    let fake = Twilio::start().await.unwrap();
    for (number, then, about) in [
        ("+15005550001", "bad_destination", "destination"),
        ("+15005550002", "fall_back", "country"),
        ("+15005550003", "fall_back", "country"),
        ("+15005550004", "bad_destination", "destination"),
        ("+15005550009", "bad_destination", "destination"),
    ] {
        assert_fails(send(&patient(), &to(&fake), &message(number)).await, then, about);
    }
    assert!(fake.messages().is_empty());
    let opted_out = send(&patient(), &to(&fake), &message("+15005550004"))
        .await
        .unwrap_err();
    assert_eq!(opted_out.then, Then::BadDestination(Mark::OptedOut));
}

#[tokio::test]
async fn answered_errors_have_their_consequence() {
    let fake = Twilio::start().await.unwrap();
    for (code, then, about) in [
        (20_003, "stop", "credentials"),
        (20_404, "stop", "configuration"),
        (20_429, "retry", "limit"),
        (20_503, "retry", "provider"),
        (21_606, "stop", "configuration"),
        (30_450, "fall_back", "abuse"),
        (12_345, "fall_back", "provider"),
    ] {
        fake.plan(PHONE, Plan::Refuse(code));
        let failure = assert_fails(send(&patient(), &to(&fake), &message(PHONE)).await, then, about);
        assert_eq!(failure.code, Some(code));
    }
    let failed = json!({"sid": "SM1", "status": "failed", "error_code": 30_006, "error_message": "Landline"});
    fake.plan(PHONE, Plan::Misbehave(Answer::json(201, &failed).into()));
    let sent = send(&patient(), &to(&fake), &message(PHONE)).await;
    assert_fails(sent, "bad_destination", "destination");
}

#[tokio::test]
async fn wrong_credentials_stop_the_channel() {
    let fake = Twilio::start().await.unwrap();
    let mut credentials = fake.credentials();
    credentials["auth_token"] = json!("another");
    let wrong = channel(ChannelKind::Sms, &credentials);
    assert_fails(send(&patient(), &wrong, &message(PHONE)).await, "stop", "credentials");
    credentials = fake.credentials();
    credentials["from"] = json!("+15005550007");
    let stranger = channel(ChannelKind::Sms, &credentials);
    assert_fails(
        send(&patient(), &stranger, &message(PHONE)).await,
        "stop",
        "configuration",
    );
}

#[tokio::test]
async fn a_lying_slow_or_absent_provider() {
    let fake = Twilio::start().await.unwrap();
    for (reply, then, about) in [
        (Reply::Flood(1 << 30), "unknown", "provider"),
        (Reply::Garbage, "unknown", "provider"),
        (Reply::Reset, "unknown", "provider"),
        (Answer::json(201, &json!({"sid": null})).into(), "unknown", "provider"),
        (Answer::new(307).header("location", "/").into(), "stop", "configuration"),
        (Answer::new(502).into(), "retry", "provider"),
        (Answer::new(429).into(), "retry", "limit"),
    ] {
        fake.plan(PHONE, Plan::Misbehave(reply));
        assert_fails(send(&patient(), &to(&fake), &message(PHONE)).await, then, about);
    }
    for reply in [
        Reply::Hold(Answer::new(201)),
        Reply::DripHead(Duration::from_millis(20)),
    ] {
        fake.plan(PHONE, Plan::Misbehave(reply));
        assert_fails(
            send(&impatient(), &to(&fake), &message(PHONE)).await,
            "unknown",
            "provider",
        );
    }
    let channel = to(&fake);
    drop(fake);
    assert_fails(send(&patient(), &channel, &message(PHONE)).await, "retry", "provider");
}

#[test]
fn credentials_name_the_field_that_is_wrong() {
    let good = json!({
        "account_sid": "AC00000000000000000000000000000001", "auth_token": "token", "from": "+15005550006",
    });
    for (change, field) in [
        (json!({"account_sid": "AC1"}), "account_sid"),
        (
            json!({"account_sid": "AC0000000000000000000000000000000/"}),
            "account_sid",
        ),
        (json!({"auth_token": ""}), "auth_token"),
        (json!({"from": "+1 500"}), "from"),
        (json!({"from": "a name that is too long"}), "from"),
        (json!({"from": null}), "from"),
        (
            json!({"messaging_service_sid": "MG00000000000000000000000000000001"}),
            "from",
        ),
        (
            json!({"messaging_service_sid": "MGx", "from": null}),
            "messaging_service_sid",
        ),
        (
            json!({"api_key_sid": "SK00000000000000000000000000000001"}),
            "api_key_secret",
        ),
        (json!({"api_key_secret": "x"}), "api_key_sid"),
        (json!({"base_url": "https://api.twilio.com/?a=b"}), "base_url"),
        (json!({"RiskCheck": "disable"}), "RiskCheck"),
    ] {
        let mut credentials = good.clone();
        for (name, value) in change.as_object().unwrap() {
            credentials[name] = value.clone();
        }
        let read = Channel::from_json(ChannelKind::Sms, credentials.to_string().as_bytes());
        let error = read.err().unwrap_or_else(|| panic!("{change}"));
        assert_eq!(error.field, field, "{change}: {error}");
    }
}

#[tokio::test]
async fn an_address_that_twilio_does_not_call_costs_the_reports_and_not_the_code() {
    let fake = Twilio::start().await.unwrap();
    let mut message = message(PHONE);
    message.status_url = Some("gopher://127.0.0.1/".to_owned());
    let sent = send(&patient(), &to(&fake), &message).await.unwrap();
    let [taken] = fake.messages().try_into().unwrap();
    assert_eq!((taken.status_callback, sent.provider_id), (None, Some(taken.sid)));
    assert_eq!(sent.trouble.unwrap().code, Some(21_609));
}
