//! `aboard config`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::print;
use super::safety::refusals;
use super::settings::Settings;

/// The configuration.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Say whether `aboard serve` would start with this configuration
    Check(Check),
    /// Print the whole configuration as it results from the defaults, --config, the environment and --set
    Show(Show),
}

/// Whether it is fit for production.
#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    settings: Settings,
}

/// The merged configuration; a password in store.url and keys in the addresses of nodes are masked.
#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub fn run(command: ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Check(Check { settings }) => check(&settings),
        ConfigCommand::Show(Show { settings }) => show(&settings),
    }
}

fn check(settings: &Settings) -> anyhow::Result<ExitCode> {
    let problems = match settings.load(&[]) {
        Ok(config) => refusals(&config),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    };
    let answer = json!({ "ok": problems.is_empty(), "problems": problems });
    print::answer(settings.json, &answer, |_| {
        if problems.is_empty() {
            return "✓ The configuration is fit for `aboard serve`.".to_owned();
        }
        let lines: Vec<String> = problems.iter().map(|problem| format!("✗ {problem}")).collect();
        lines.join("\n")
    })?;
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut config = settings.load(&[])?;
    config.store.url = config.store.shown_url();
    config.networks = config.networks.shown();
    let text = if settings.json {
        serde_json::to_string(&config)?
    } else {
        toml::to_string_pretty(&config)?.trim_end().to_owned()
    };
    print::out(&text)?;
    Ok(ExitCode::SUCCESS)
}
