//! E-mail, against the fake mail server: what follows from every failure.

use std::time::Duration;

use aboard::channels::{Channel, ChannelKind, Then};
use aboard_fakes::{Act, Receiver, Reply, Smtp, SmtpOptions, SmtpTls, Stage};
use serde_json::json;
use tokio::time::timeout;

use super::rig::{assert_fails, channel, impatient, message, patient, send};

const ADA: &str = "ada@example.com";

fn to(fake: &Smtp) -> Channel {
    channel(ChannelKind::Email, &fake.credentials())
}

async fn server(tls: SmtpTls) -> Smtp {
    let options = SmtpOptions {
        tls,
        ..SmtpOptions::default()
    };
    Smtp::start(options).await.unwrap()
}

#[tokio::test]
async fn a_refusal_at_each_step_has_its_consequence() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let fake = server(tls).await;
        for (stage, line, then, about) in [
            (Stage::Greeting, "421 4.3.2 Too busy", "retry", "provider"),
            (Stage::Greeting, "554 5.7.1 Not for you", "stop", "configuration"),
            (Stage::Hello, "550 5.7.1 Who?", "stop", "configuration"),
            (Stage::Auth, "535 5.7.8 Not accepted", "stop", "credentials"),
            (Stage::Auth, "454 4.7.0 Later", "retry", "provider"),
            (Stage::Sender, "550 5.7.1 Not your address", "stop", "configuration"),
            (Stage::Recipient, "450 4.7.1 Greylisted", "retry", "limit"),
            (Stage::Recipient, "550 5.1.1 Unknown", "bad_destination", "destination"),
            (Stage::Recipient, "452 4.2.2 Full", "fall_back", "destination"),
            (Stage::Data, "451 4.3.0 Later", "retry", "provider"),
            (Stage::End, "554 5.7.1 Spam", "fall_back", "abuse"),
            (Stage::End, "452 4.3.1 Disk full", "retry", "provider"),
        ] {
            fake.reply_at(stage, line);
            let failure = assert_fails(send(&patient(), &to(&fake), &message(ADA)).await, then, about);
            assert_eq!(failure.code, line[..3].parse().ok(), "{line}");
        }
        assert!(fake.mails().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_greylists_takes_the_mail_the_second_time() {
    let fake = server(SmtpTls::Implicit).await;
    fake.reply_at(Stage::Recipient, "450 4.7.1 Greylisted");
    let failure = send(&patient(), &to(&fake), &message(ADA)).await.unwrap_err();
    assert_eq!(
        failure.then,
        Then::Retry {
            after: Some(Duration::from_mins(1))
        }
    );
    send(&patient(), &to(&fake), &message(ADA)).await.unwrap();
    assert_eq!(fake.mails().len(), 1);
}

#[tokio::test]
async fn without_tls_nothing_is_sent() {
    for tls in [SmtpTls::None, SmtpTls::Injected] {
        let fake = server(tls).await;
        let failure = send(&patient(), &to(&fake), &message(ADA)).await;
        assert_fails(failure, "stop", "configuration");
        let lines = fake.lines();
        assert!(
            !lines
                .iter()
                .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
            "{lines:?}"
        );
    }
    // One speaks TLS at once, the other waits for a greeting: neither order works by accident.
    for (server_tls, client_tls) in [(SmtpTls::Implicit, "starttls"), (SmtpTls::StartTls, "implicit")] {
        let fake = server(server_tls).await;
        let mut credentials = fake.credentials();
        credentials["tls"] = json!(client_tls);
        let channel = channel(ChannelKind::Email, &credentials);
        assert!(send(&impatient(), &channel, &message(ADA)).await.is_err());
        assert!(fake.mails().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_stops_the_channel() {
    let fake = server(SmtpTls::Implicit).await;
    let mut stranger = fake.credentials();
    stranger["ca_certificate"] = json!(null);
    let mut other = fake.credentials();
    other["ca_certificate"] = json!(server(SmtpTls::Implicit).await.certificate());
    let misnamed = SmtpOptions {
        names: vec!["smtp.example.com".to_owned()],
        ..SmtpOptions::default()
    };
    let misnamed = Smtp::start(misnamed).await.unwrap();
    let mut wrong_name = misnamed.credentials();
    wrong_name["host"] = json!("127.0.0.1");
    for credentials in [stranger, other, wrong_name] {
        let channel = channel(ChannelKind::Email, &credentials);
        assert_fails(send(&patient(), &channel, &message(ADA)).await, "stop", "configuration");
    }
    assert_eq!(fake.lines(), [""; 0]);
}

#[tokio::test]
async fn a_lost_connection_is_tried_again_unless_the_mail_may_have_been_taken() {
    let fake = server(SmtpTls::Implicit).await;
    for stage in [
        Stage::Greeting,
        Stage::Hello,
        Stage::Sender,
        Stage::Recipient,
        Stage::Data,
    ] {
        fake.at(stage, Act::Drop);
        assert_fails(send(&patient(), &to(&fake), &message(ADA)).await, "retry", "provider");
        assert!(fake.mails().is_empty(), "{stage:?}");
    }
    fake.at(Stage::End, Act::Drop);
    assert_fails(send(&patient(), &to(&fake), &message(ADA)).await, "unknown", "provider");
    assert_eq!(fake.mails().len(), 1);
}

#[tokio::test]
async fn a_slow_or_endless_server_is_left_in_time() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let fake = server(tls).await;
        for (stage, then) in [
            (Stage::Greeting, "retry"),
            (Stage::Hello, "retry"),
            (Stage::Recipient, "retry"),
            (Stage::End, "unknown"),
        ] {
            fake.at(stage, Act::Pause(Duration::from_hours(1)));
            assert_fails(send(&impatient(), &to(&fake), &message(ADA)).await, then, "provider");
        }
        fake.at(Stage::Greeting, Act::Flood);
        let (channels, channel, message) = (patient(), to(&fake), message(ADA));
        let sending = timeout(Duration::from_secs(10), send(&channels, &channel, &message));
        assert!(sending.await.unwrap().is_err(), "{tls:?}");
    }
}

#[tokio::test]
async fn what_is_no_mail_server_is_told_apart() {
    let web = Receiver::start().await.unwrap();
    web.reply_with(|_| Reply::Garbage);
    let fake = server(SmtpTls::Implicit).await;
    let mut credentials = fake.credentials();
    credentials["port"] = json!(web.port());
    let channel = channel(ChannelKind::Email, &credentials);
    assert_fails(send(&patient(), &channel, &message(ADA)).await, "stop", "configuration");

    let down = to(&fake);
    drop(fake);
    assert_fails(send(&patient(), &down, &message(ADA)).await, "retry", "provider");
}

#[tokio::test]
async fn one_refused_mail_does_not_hold_up_the_next() {
    let fake = server(SmtpTls::StartTls).await;
    fake.reply_at(Stage::Recipient, "550 5.1.1 Unknown");
    let (channel, channels) = (to(&fake), patient());
    assert!(send(&channels, &channel, &message("nobody@example.com")).await.is_err());
    assert!(send(&channels, &channel, &message(ADA)).await.is_ok());
    assert_eq!(fake.mails()[0].to, [ADA]);
}
