//! `aboard settings`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::In;
use super::manage;
use super::print::{table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;

/// What one environment sets differently from the configuration file.
#[derive(Subcommand)]
pub enum EnvironmentSettings {
    /// Show the settings of an environment, or one of them
    Get(Get),
    /// Set one; every node has it within two seconds
    Set(Set),
    /// Go back to the configuration file's value
    Unset(Unset),
}

/// What holds in an environment.
#[derive(Args)]
pub struct Get {
    /// One setting, like `login.return_urls`; without it, all
    name: Option<String>,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// A value of the environment's own.
#[derive(Args)]
pub struct Set {
    /// The setting, like `login.return_urls`
    name: String,
    /// Its value as in the configuration file: a number, a text, a list
    value: String,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// No value of the environment's own any more.
#[derive(Args)]
pub struct Unset {
    /// The setting
    name: String,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: EnvironmentSettings) -> anyhow::Result<()> {
    match command {
        EnvironmentSettings::Get(Get { name, place, settings }) => {
            let environment = place.environment;
            manage::run(&settings, AdminCommand::ShowSettings { environment, name }, listed).await
        }
        EnvironmentSettings::Set(Set {
            name,
            value,
            place,
            settings,
        }) => {
            let environment = place.environment;
            let command = AdminCommand::SetSetting {
                environment,
                name,
                value,
            };
            manage::run(&settings, command, changed).await
        }
        EnvironmentSettings::Unset(Unset { name, place, settings }) => {
            let environment = place.environment;
            manage::run(&settings, AdminCommand::UnsetSetting { environment, name }, changed).await
        }
    }
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["settings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|setting| {
            let from = if setting["own"] == Value::Bool(true) {
                "this environment"
            } else {
                "the configuration"
            };
            vec![
                text(setting, "name").to_owned(),
                setting["value"].to_string(),
                from.to_owned(),
            ]
        })
        .collect();
    table(&["setting", "value", "from"], &rows)
}

fn changed(answer: &Value) -> String {
    let now = if answer["own"] == Value::Bool(true) {
        "now"
    } else {
        "again as configured:"
    };
    format!(
        "{} is {now} {} in the {} of {}.",
        text(answer, "name"),
        answer["value"],
        text(answer, "environment_kind"),
        text(answer, "organization"),
    )
}
