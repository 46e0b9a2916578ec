//! `aboard apps`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::app_policy::{self, AppPolicy};
use super::arguments::{In, List};
use super::manage;
use super::partners::revoked;
use super::print::{fields, minute, table, text, words};
use super::providers::{self, Providers};
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::AppId;

/// Apps: the organization's own clients.
#[derive(Subcommand)]
pub enum Apps {
    /// Make an app with a client secret
    Create(Create),
    /// List the apps
    List(List),
    /// Change what an app in production is served
    Set(Set),
    /// Revoke every client secret of an app
    Revoke(Revoke),
    /// What an app is known as at Google, Apple, Telegram and Rampable
    #[command(subcommand)]
    Providers(Providers),
    /// What an app may have wallets sign: networks, recipients, contracts, programs, amounts
    #[command(subcommand)]
    Policy(AppPolicy),
}

/// A new app.
#[derive(Args)]
pub struct Create {
    /// Its name, as people see it
    name: String,
    #[command(flatten)]
    place: In,
    /// A web origin that may use the app's id, like `https://app.example.com`; repeatable
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Other rules for an app.
#[derive(Args)]
pub struct Set {
    /// The app: app_…
    #[arg(value_name = "ID")]
    app: AppId,
    /// Version 1 of the wallet surface, for clients that were written for it; a sandbox always has it
    #[arg(long, value_name = "on|off", action = clap::ArgAction::Set, value_parser = switch)]
    v1: bool,
    #[command(flatten)]
    settings: Settings,
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

/// The end of every client secret.
#[derive(Args)]
pub struct Revoke {
    /// The app: app_…
    #[arg(value_name = "ID")]
    app: AppId,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Apps) -> anyhow::Result<()> {
    match command {
        Apps::Create(Create {
            name,
            place,
            origin,
            settings,
        }) => {
            let command = AdminCommand::CreateApp {
                environment: place.environment,
                name,
                origins: origin,
            };
            manage::run(&settings, command, created).await
        }
        Apps::List(List { environment, settings }) => {
            manage::run(&settings, AdminCommand::ListApps { environment }, listed).await
        }
        Apps::Set(Set { app, v1, settings }) => {
            let command = AdminCommand::SetAppV1 { app, serves_v1: v1 };
            manage::run(&settings, command, set).await
        }
        Apps::Providers(command) => providers::run(command).await,
        Apps::Policy(command) => app_policy::run(command).await,
        Apps::Revoke(Revoke { app, settings }) => {
            manage::run(&settings, AdminCommand::RevokeApp { app }, revoked).await
        }
    }
}

fn created(made: &Value) -> String {
    format!(
        "Made the app {} in the {} of {}.\n\n{}\n\nKeep the client secret now: it is not shown again. It belongs on a server, never in a browser.",
        text(made, "name"),
        text(made, "environment_kind"),
        text(made, "organization"),
        fields(&[
            ("app id", text(made, "id")),
            ("client secret", text(made, "client_secret")),
            ("origins", &words(&made["origins"])),
            ("key id", text(made, "key_id")),
        ]),
    )
}

fn set(answer: &Value) -> String {
    let is = if answer["serves_v1"] == Value::Bool(true) {
        "is"
    } else {
        "is not"
    };
    format!("{} {is} served version 1 of the wallet surface.", text(answer, "name"))
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["apps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            vec![
                text(row, "id").to_owned(),
                text(row, "name").to_owned(),
                text(row, "environment_kind").to_owned(),
                text(row, "organization").to_owned(),
                minute(&row["created_at"]),
                words(&row["origins"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no app yet. Make one with `aboard apps create --environment sandbox NAME`.".to_owned();
    }
    table(&["ID", "NAME", "ENVIRONMENT", "ORGANIZATION", "MADE", "ORIGINS"], &rows)
}
