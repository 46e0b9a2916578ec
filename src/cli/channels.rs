//! `aboard channels`.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::{In, List};
use super::manage;
use super::print::{self, fields, minute, note, table, text};
use super::settings::Settings;
use crate::admin::{AdminCommand, ChannelCredentials, ChannelName, LONGEST_CREDENTIALS};

const FIELDS: &str = "\
The credentials are one JSON object, from a file or from standard input, never from the command line: that ends in the
shell's history. They are checked, and kept sealed.

  whatsapp  phone_number_id, access_token, app_secret, verify_token, template, languages
  sms       account_sid, auth_token, from or messaging_service_sid
  email     host, from, and mostly username with password
  http      url, secret

docs/channels.md has every field, and where each provider shows it.";

/// What carries one-time codes.
#[derive(Subcommand)]
pub enum Channels {
    /// List the channels: what they are set to, without secrets, and whether they work
    List(List),
    /// Set the credentials of a channel; one that was stopped works again
    #[command(after_help = FIELDS)]
    Set(Set),
    /// Send a real message over a channel, and say what the provider said
    ///
    /// The code in it opens nothing. A test that goes through puts a stopped channel back to work.
    Test(Test),
    /// Take a channel and its credentials away
    Remove(Remove),
}

/// New credentials.
#[derive(Args)]
pub struct Set {
    /// The channel
    #[arg(value_enum)]
    channel: ChannelName,
    #[command(flatten)]
    place: In,
    /// A file with the credentials; without it they are read from standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// A real message.
#[derive(Args)]
pub struct Test {
    /// The channel
    #[arg(value_enum)]
    channel: ChannelName,
    #[command(flatten)]
    place: In,
    /// Where it goes: a number like +306912345678, or an e-mail address
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    #[command(flatten)]
    settings: Settings,
}

/// The end of a channel.
#[derive(Args)]
pub struct Remove {
    /// The channel
    #[arg(value_enum)]
    channel: ChannelName,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Channels) -> anyhow::Result<()> {
    match command {
        Channels::List(List { environment, settings }) => {
            manage::run(&settings, AdminCommand::ListChannels { environment }, listed).await
        }
        Channels::Set(Set {
            channel,
            place,
            file,
            settings,
        }) => {
            let command = AdminCommand::SetChannel {
                environment: place.environment,
                channel,
                credentials: credentials(file)?,
            };
            manage::run(&settings, command, set).await
        }
        Channels::Test(Test {
            channel,
            place,
            to,
            settings,
        }) => {
            let command = AdminCommand::TestChannel {
                environment: place.environment,
                channel,
                to,
            };
            let mut session = manage::Session::open(&settings)?;
            let answer = session.call(command).await;
            session.close().await;
            let answer = answer?;
            // What is not taken is a failure of the command too, for scripts.
            if answer["taken"] == Value::Bool(true) || settings.json {
                return print::answer(settings.json, &answer, tested);
            }
            bail!("{}", refused(&answer))
        }
        Channels::Remove(Remove {
            channel,
            place,
            settings,
        }) => {
            let command = AdminCommand::RemoveChannel {
                environment: place.environment,
                channel,
            };
            manage::run(&settings, command, removed).await
        }
    }
}

/// Reads the credentials from a file, or from standard input.
fn credentials(file: Option<PathBuf>) -> anyhow::Result<ChannelCredentials> {
    let file = file.filter(|file| file.as_os_str() != "-");
    let most = LONGEST_CREDENTIALS as u64 + 1;
    let mut json = String::new();
    match file {
        Some(file) => {
            let shown = file.display().to_string();
            let opened = std::fs::File::open(file).with_context(|| format!("--file: cannot read {shown}"))?;
            let read = opened.take(most).read_to_string(&mut json);
            read.with_context(|| format!("--file: cannot read {shown}"))?;
        }
        None => {
            let stdin = std::io::stdin();
            if stdin.is_terminal() {
                note("Paste the credentials, one JSON object, then press Enter and Ctrl-D:");
            }
            let read = stdin.lock().take(most).read_to_string(&mut json);
            read.context("cannot read standard input")?;
        }
    }
    let credentials = ChannelCredentials::new(json);
    if credentials.is_too_long() {
        bail!("the credentials are longer than {LONGEST_CREDENTIALS} bytes");
    }
    if credentials.is_empty() {
        bail!("there are no credentials: name a file with --file, or write them to standard input");
    }
    Ok(credentials)
}

fn place(answer: &Value) -> String {
    format!(
        "the {} of {}",
        text(answer, "environment_kind"),
        text(answer, "organization")
    )
}

/// `name=value` of each setting.
fn words(settings: &Value) -> String {
    let pairs: Vec<String> = settings
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.join(", ")
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["channels"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let state = match text(row, "state") {
                "stopped" => format!("stopped {}: {}", minute(&row["stopped_at"]), text(row, "stopped_why")),
                state => state.to_owned(),
            };
            vec![
                text(row, "channel").to_owned(),
                text(row, "environment_kind").to_owned(),
                text(row, "organization").to_owned(),
                minute(&row["set_at"]),
                state,
                words(&row["settings"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no channel yet. Set one with `aboard channels set whatsapp --environment production`, or sms, email, http.".to_owned();
    }
    table(
        &["CHANNEL", "ENVIRONMENT", "ORGANIZATION", "SET", "STATE", "SETTINGS"],
        &rows,
    )
}

fn set(answer: &Value) -> String {
    let mut said = format!("{} is set in {}.", text(answer, "channel"), place(answer));
    let shown = fields(&[("settings", &words(&answer["settings"]))]);
    said.push('\n');
    said.push_str(&shown);
    let callback = text(answer, "callback_url");
    if !callback.is_empty() {
        said.push_str("\n\nEnter this at Meta, as the webhook's callback URL, with your verify_token:\n  ");
        said.push_str(callback);
    }
    said.push_str("\n\nSend a message to see that it works: `aboard channels test`.");
    said
}

fn tested(answer: &Value) -> String {
    let mut said = format!(
        "The provider took the message to {}. It shows the code {}, which opens nothing.",
        text(answer, "to"),
        text(answer, "code")
    );
    let id = text(answer, "provider_id");
    if !id.is_empty() {
        said.push_str("\n  its id  ");
        said.push_str(id);
    }
    if !answer["trouble"].is_null() {
        said.push_str("\nOn the way: ");
        said.push_str(&failure(&answer["trouble"]));
    }
    if answer["started_again"] == Value::Bool(true) {
        said.push_str("\nThe channel was stopped, and works again.");
    }
    said
}

fn refused(answer: &Value) -> String {
    format!(
        "the message to {} was not taken: {}",
        text(answer, "to"),
        failure(&answer["failure"])
    )
}

fn failure(said: &Value) -> String {
    let mut words = text(said, "reason").to_owned();
    if let Some(code) = said["code"].as_i64() {
        words.push_str(&format!(" (the provider's code {code})"));
    }
    let details = text(said, "provider_says");
    if !details.is_empty() {
        words.push_str(&format!("; it says: {details}"));
    }
    words
}

fn removed(answer: &Value) -> String {
    format!(
        "{} is removed from {}; its credentials are gone.",
        text(answer, "channel"),
        place(answer)
    )
}
