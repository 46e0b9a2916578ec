//! `aboard apps policy`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::manage;
use super::print::{self, text};
use super::settings::Settings;
use crate::admin::{AdminCommand, readable_policy};
use crate::domain::AppId;

/// What an app may have wallets sign: networks, recipients, contracts, programs, amounts.
#[derive(Subcommand)]
pub enum AppPolicy {
    /// Show an app's policy, as its file has it
    Get(Get),
    /// Set an app's policy from a file, from the next call on
    Set(Set),
    /// Take an app's policy away: then the environment's settings alone hold
    Unset(Get),
    /// Check a file without setting anything
    Check(Check),
}

/// Whose.
#[derive(Args)]
pub struct Get {
    /// The app: app_…
    #[arg(value_name = "APP")]
    app: AppId,
    #[command(flatten)]
    settings: Settings,
}

/// Whose, and what.
#[derive(Args)]
pub struct Set {
    /// The app: app_…
    #[arg(value_name = "APP")]
    app: AppId,
    /// The policy, in JSON; - is standard input
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// What.
#[derive(Args)]
pub struct Check {
    /// The policy, in JSON; - is standard input
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: AppPolicy) -> anyhow::Result<()> {
    match command {
        AppPolicy::Get(Get { app, settings }) => {
            manage::run(&settings, AdminCommand::ShowAppPolicy { app }, shown).await
        }
        AppPolicy::Set(Set { app, file, settings }) => {
            let policy = Some(read(&file)?);
            manage::run(&settings, AdminCommand::SetAppPolicy { app, policy }, set).await
        }
        AppPolicy::Unset(Get { app, settings }) => {
            manage::run(&settings, AdminCommand::SetAppPolicy { app, policy: None }, set).await
        }
        AppPolicy::Check(Check { file, settings }) => {
            let config = settings.load(&[])?;
            readable_policy(&config.networks, &read(&file)?)?;
            let shown = file.display().to_string();
            print::answer(settings.json, &json!({ "file": shown, "good": true }), |answer| {
                format!("{} is a policy.", text(answer, "file"))
            })
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("FILE: cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("FILE: cannot read {}", file.display()))
}

fn shown(answer: &Value) -> String {
    match &answer["policy"] {
        Value::Null => format!(
            "{} has no policy: the environment's settings alone hold. `aboard apps policy set` sets one.",
            text(answer, "name")
        ),
        policy => serde_json::to_string_pretty(policy).unwrap_or_default(),
    }
}

fn set(answer: &Value) -> String {
    let name = text(answer, "name");
    if answer["policy"].is_null() {
        return format!("{name} has no policy any more: the environment's settings alone hold.");
    }
    format!("{name} has its policy from the next call on.")
}
