//! `aboard fake`: a `WhatsApp`, a Twilio, a mail server or an issuer on this machine, to watch a log-in from end to end.

use std::net::SocketAddr;

use aboard_fakes::{Issuer, Smtp, SmtpOptions, SmtpTls, Twilio, TwilioOptions, WhatsApp, WhatsAppOptions};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::print;

const NOTE: &str = "\
It prints credentials that fit, and then every message as it arrives; Ctrl-C ends it.
Set them with `aboard channels set … --environment production`. Only a server that may call this machine reaches it, as
`aboard dev` does unless it is started with --strict-webhooks; docs/login.md has a whole log-in.
This command is in builds with `--features fakes` only, which `make fake` makes; release builds leave it out.";

const ISSUER_NOTE: &str = "\
It prints the settings that make a sandbox believe it, and then each path that it was asked for; Ctrl-C ends it.
  /sign/google?aud=CLIENT_ID         answers `credential`, an id token; also takes sub, email and nonce
  /sign/google-access?aud=CLIENT_ID  answers `code`, an access token
  /sign/apple?aud=CLIENT_ID          answers `credential`
  /sign/telegram?bot_token=TOKEN     answers `data`, as the widget does; also takes id and first_name
Only a server that may call this machine reads its keys, as `aboard dev` does unless it is started with
--strict-webhooks; docs/login.md has a whole log-in. This command is in builds with `--features fakes` only.";

/// Stand in for a service that carries codes or vouches for people, on this machine
#[derive(Subcommand)]
#[command(after_help = NOTE)]
pub enum Fake {
    /// The WhatsApp Cloud API
    ///
    /// Numbers that end with the six digits of an error code, like …131026 or …000190, meet that error.
    #[command(after_help = NOTE)]
    Whatsapp(FakeWhatsApp),
    /// Twilio's Messages API
    ///
    /// Twilio's own numbers for tests meet their errors: +15005550001 is not valid, …4 opted out, …9 no mobile.
    #[command(after_help = NOTE)]
    Twilio(FakeTwilio),
    /// A mail server
    #[command(after_help = NOTE)]
    Smtp(FakeSmtp),
    /// Google, Apple and Telegram, as log-ins with them are checked
    #[command(after_help = ISSUER_NOTE)]
    Issuer(FakeIssuer),
}

#[derive(Args)]
pub struct FakeIssuer {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4004")]
    listen: SocketAddr,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct FakeWhatsApp {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4001")]
    listen: SocketAddr,
    /// Where reports of sent, delivered and failed messages go, over plain HTTP
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct FakeTwilio {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4002")]
    listen: SocketAddr,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct FakeSmtp {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4003")]
    listen: SocketAddr,
    /// Begin in the clear and encrypt with STARTTLS, instead of TLS from the start
    #[arg(long)]
    starttls: bool,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub async fn run(fake: Fake) -> anyhow::Result<()> {
    match fake {
        Fake::Whatsapp(fake) => whatsapp(fake).await,
        Fake::Twilio(fake) => twilio(fake).await,
        Fake::Smtp(fake) => smtp(fake).await,
        Fake::Issuer(fake) => issuer(fake).await,
    }
}

async fn whatsapp(arguments: FakeWhatsApp) -> anyhow::Result<()> {
    let options = WhatsAppOptions {
        address: arguments.listen,
        webhook: arguments.webhook,
        ..WhatsAppOptions::default()
    };
    let fake = WhatsApp::start_with(options).await.context("cannot listen")?;
    introduce(arguments.json, "WhatsApp", &fake.base_url(), &fake.credentials())?;
    let mut seen = 0;
    loop {
        for message in fake.wait_for(seen + 1).await.into_iter().skip(seen) {
            let shown = json!({
                "to": format!("+{}", message.to), "code": message.code, "template": message.template,
                "language": message.language, "id": message.id,
            });
            print::answer(arguments.json, &shown, |_| {
                format!(
                    "to +{}: {}  ({}, {})",
                    message.to, message.code, message.template, message.language
                )
            })?;
            seen += 1;
        }
    }
}

async fn twilio(arguments: FakeTwilio) -> anyhow::Result<()> {
    let options = TwilioOptions {
        address: arguments.listen,
        ..TwilioOptions::default()
    };
    let fake = Twilio::start_with(options).await.context("cannot listen")?;
    introduce(arguments.json, "Twilio", &fake.base_url(), &fake.credentials())?;
    let mut seen = 0;
    loop {
        for message in fake.wait_for(seen + 1).await.into_iter().skip(seen) {
            let shown = json!({"to": message.to, "body": message.body, "sid": message.sid});
            print::answer(arguments.json, &shown, |_| {
                format!("to {}: {}", message.to, message.body)
            })?;
            seen += 1;
        }
    }
}

async fn smtp(arguments: FakeSmtp) -> anyhow::Result<()> {
    let options = SmtpOptions {
        address: arguments.listen,
        tls: if arguments.starttls {
            SmtpTls::StartTls
        } else {
            SmtpTls::Implicit
        },
        ..SmtpOptions::default()
    };
    let fake = Smtp::start(options).await.context("cannot listen")?;
    let at = format!("localhost:{}", fake.port());
    introduce(arguments.json, "A mail server", &at, &fake.credentials())?;
    let mut seen = 0;
    loop {
        for mail in fake.wait_for(seen + 1).await.into_iter().skip(seen) {
            let shown = json!({"to": mail.to, "mail": mail.data});
            print::answer(arguments.json, &shown, |_| {
                format!("to {}:\n{}", mail.to.join(", "), mail.data)
            })?;
            seen += 1;
        }
    }
}

async fn issuer(arguments: FakeIssuer) -> anyhow::Result<()> {
    let fake = Issuer::start_on(arguments.listen).await.context("cannot listen")?;
    let at = fake.url();
    let settings = json!({
        "providers.google_keys": format!("{at}/oauth2/v3/certs"), "providers.google_token_info": format!("{at}/tokeninfo"),
        "providers.apple_keys": format!("{at}/auth/keys"),
    });
    print::answer(arguments.json, &settings, |settings| {
        let set = settings.as_object().into_iter().flatten();
        let set = set.map(|(name, value)| {
            let value = value.as_str().unwrap_or_default();
            format!("  aboard settings set {name} {value} --environment sandbox")
        });
        let set = set.collect::<Vec<_>>().join("\n");
        format!("Google and Apple are at {at}. To believe them:\n{set}\nWhat they are asked for:")
    })?;
    let mut seen = 0;
    loop {
        for request in fake.wait_for(seen + 1).await.into_iter().skip(seen) {
            // The rest may be a bot's token.
            let path = request.path.split('?').next().unwrap_or_default();
            print::answer(arguments.json, &json!({ "path": path }), |_| path.to_owned())?;
            seen += 1;
        }
    }
}

fn introduce(json: bool, name: &str, at: &str, credentials: &Value) -> anyhow::Result<()> {
    print::answer(json, credentials, |credentials| {
        format!("{name} is at {at}. Credentials that fit:\n{credentials:#}\nMessages:")
    })
}
