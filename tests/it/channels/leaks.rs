//! No code and no credential in logs, errors or failures.

use std::fmt::{Debug, Display, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use aboard::channels::http::HttpSender;
use aboard::channels::smtp::Smtp as SmtpChannel;
use aboard::channels::twilio::Twilio as TwilioChannel;
use aboard::channels::whatsapp::WhatsApp as WhatsAppChannel;
use aboard::channels::{Channel, ChannelKind, Message, OneTimeCode, SendFailure, Sent};
use aboard_fakes::{Answer, Plan, Receiver, Smtp, SmtpOptions, Stage, Twilio, WhatsApp};
use serde::Serialize;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::rig::{CODE, PHONE, channel, message, patient, send};

macro_rules! never {
    ($($type:ty: $($trait:ident)+;)+) => {$($(const _: fn() = || {
        trait Probe<Marker> {
            fn probe() {}
        }
        impl<T: ?Sized> Probe<()> for T {}
        struct Implemented;
        impl<T: ?Sized + $trait> Probe<Implemented> for T {}
        <$type as Probe<_>>::probe();
    };)+)+};
}

// Each line stops compiling once the type implements the trait.
never! {
    OneTimeCode: Debug Display Clone Serialize PartialEq;
    Message: Debug Display Clone Serialize;
    Channel: Debug Display Clone Serialize;
    WhatsAppChannel: Debug Display Clone Serialize;
    TwilioChannel: Debug Display Clone Serialize;
    SmtpChannel: Debug Display Clone Serialize;
    HttpSender: Debug Display Clone Serialize;
}

/// A log that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn tell(told: &mut String, sent: &Result<Sent, SendFailure>) {
    writeln!(told, "{sent:?}").unwrap();
}

/// Everything goes wrong, with providers that repeat all they got, while everything is logged.
#[tokio::test]
async fn no_secret_is_logged_or_told() {
    let kept = Kept::default();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(kept.clone())
        .finish();
    // Of this thread; the test's runtime has no other.
    let _guard = tracing::subscriber::set_default(log);
    let channels = patient();
    let mut told = String::new();

    let echo = |request: &aboard_fakes::Request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let words = format!("{body} {:?} {CODE} {PHONE}", request.headers);
        let error = json!({"message": words, "code": 100, "error_data": {"details": words}});
        Answer::json(400, &json!({"error": error, "code": 21_211, "message": words})).into()
    };
    let (whatsapp, twilio) = (WhatsApp::start().await.unwrap(), Twilio::start().await.unwrap());
    let smtp = Smtp::start(SmtpOptions::default()).await.unwrap();
    let echoing = Receiver::start().await.unwrap();
    echoing.reply_with(echo);
    let sender = json!({"url": echoing.url("/"), "secret": "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"});
    let mut all = vec![(ChannelKind::Http, sender)];
    for (kind, credentials) in [
        (ChannelKind::WhatsApp, whatsapp.credentials()),
        (ChannelKind::Sms, twilio.credentials()),
    ] {
        let mut lying = credentials.clone();
        lying["base_url"] = json!(echoing.url(""));
        all.extend([(kind, credentials), (kind, lying)]);
    }
    whatsapp.plan_all(Some(Plan::Refuse(190)));
    for (kind, credentials) in &all {
        let channel = channel(*kind, credentials);
        tell(&mut told, &send(&channels, &channel, &message(PHONE)).await);
    }
    whatsapp.plan_all(None);
    let good = channel(ChannelKind::WhatsApp, &whatsapp.credentials());
    tell(&mut told, &send(&channels, &good, &message(PHONE)).await);
    let mail = channel(ChannelKind::Email, &smtp.credentials());
    for stage in [Stage::Auth, Stage::Recipient, Stage::End] {
        let words = format!("550 5.1.1 {CODE} <ada@example.com> fake-password");
        smtp.reply_at(stage, &words);
        tell(&mut told, &send(&channels, &mail, &message("ada@example.com")).await);
    }
    tell(&mut told, &send(&channels, &mail, &message("ada@example.com")).await);

    let logged = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("a channel needs attention"), "{logged}");
    assert!(logged.contains("msg_01hzy8d3c3x1e"), "{logged}");
    let ours: Vec<&str> = logged.lines().filter(|line| line.contains("aboard::")).collect();
    for secret in [
        CODE,
        "306912345678",
        "ada@example.com",
        "EAAfake",
        "fake-app-secret",
        "fake-verify-token",
        "fake-auth-token",
        "c2VjcmV0",
    ] {
        assert!(!ours.iter().any(|line| line.contains(secret)), "{secret} in {ours:?}");
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    for secret in [CODE, "EAAfake", "fake-auth-token", "fake-password", "306912345678"] {
        assert!(!logged.contains(secret), "{secret} is logged by a library: {logged}");
    }
}
