//! `aboard apps providers`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::Value;
use zeroize::Zeroizing;

use super::manage;
use super::print::{minute, table, text};
use super::settings::Settings;
use crate::admin::{AdminCommand, Handed};
use crate::domain::{AppId, Provider};

/// What an app is known as at Google, Apple, Telegram and Rampable.
#[derive(Subcommand)]
pub enum Providers {
    /// Add a client id at Google or Apple, a bot at Telegram, or the client secret for Rampable
    Add(Add),
    /// List what an app is known as, never the secrets
    List(List),
    /// Take one away
    Remove(Remove),
}

/// What an app is known as.
#[derive(Args)]
pub struct Add {
    /// The app: app_…
    #[arg(value_name = "APP")]
    app: AppId,
    /// The provider
    provider: Provider,
    /// The client id (google, apple) or the bot's name (telegram)
    name: Option<String>,
    /// A file that holds the bot's token or the client secret; - is standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Whose.
#[derive(Args)]
pub struct List {
    /// The app: app_…
    #[arg(value_name = "APP")]
    app: AppId,
    #[command(flatten)]
    settings: Settings,
}

/// Which.
#[derive(Args)]
pub struct Remove {
    /// The app: app_…
    #[arg(value_name = "APP")]
    app: AppId,
    /// The provider
    provider: Provider,
    /// The client id or the bot's name
    name: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Providers) -> anyhow::Result<()> {
    match command {
        Providers::Add(Add {
            app,
            provider,
            name,
            secret_file,
            settings,
        }) => {
            let secret = secret_file.as_deref().map(secret).transpose()?;
            let command = AdminCommand::AddProvider {
                app,
                provider,
                name,
                secret: secret.map(Handed::new),
            };
            manage::run(&settings, command, |answer| changed(answer, "is now known")).await
        }
        Providers::List(List { app, settings }) => {
            manage::run(&settings, AdminCommand::ListProviders { app }, listed).await
        }
        Providers::Remove(Remove {
            app,
            provider,
            name,
            settings,
        }) => {
            let command = AdminCommand::RemoveProvider { app, provider, name };
            manage::run(&settings, command, |answer| changed(answer, "is no longer known")).await
        }
    }
}

/// The first line of a file or of standard input: an argument would stand in the list of processes.
fn secret(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("--secret-file: cannot read standard input")?;
    } else {
        *text =
            std::fs::read_to_string(file).with_context(|| format!("--secret-file: cannot read {}", file.display()))?;
    }
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn changed(answer: &Value, how: &str) -> String {
    let name = match text(answer, "name") {
        "" => String::new(),
        name => format!(" as {name}"),
    };
    format!(
        "{} {how} at {}{name}.",
        text(answer, "app_name"),
        text(answer, "provider")
    )
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["providers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let secret = if row["has_secret"] == Value::Bool(true) {
                "kept"
            } else {
                ""
            };
            vec![
                text(row, "provider").to_owned(),
                text(row, "name").to_owned(),
                secret.to_owned(),
                minute(&row["updated_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return format!(
            "{} is known at no provider. Add one with `aboard apps providers add {} google CLIENT_ID`.",
            text(answer, "app_name"),
            text(answer, "id"),
        );
    }
    table(&["PROVIDER", "NAME", "SECRET", "SET"], &rows)
}
