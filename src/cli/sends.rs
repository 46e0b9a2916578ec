//! `aboard sends`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::In;
use super::manage;
use super::print::{number, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;

/// Transactions that wallets sent.
#[derive(Subcommand)]
pub enum Sends {
    /// Show what was sent, how far it has come, and where sends are paused
    List(List),
    /// Stop what is sent: calls are refused, and what is stored waits
    Pause(Pause),
    /// Let sends go on; what waited is sent
    Resume(Resume),
}

/// What to show.
#[derive(Args)]
pub struct List {
    /// Only those of one environment: sandbox, production, or an env_… id
    #[arg(long, value_name = "ENV")]
    environment: Option<String>,
    /// Only those whose end is not known yet
    #[arg(long)]
    open: bool,
    /// How many of the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    #[command(flatten)]
    settings: Settings,
}

/// What to stop.
#[derive(Args)]
pub struct Pause {
    #[command(flatten)]
    place: In,
    /// One network, by its code [default: all]
    #[arg(long, value_name = "CODE")]
    network: Option<String>,
    /// Why, in a sentence that callers are told
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// What to let go on.
#[derive(Args)]
pub struct Resume {
    #[command(flatten)]
    place: In,
    /// The network, by its code, if one was paused alone
    #[arg(long, value_name = "CODE")]
    network: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Sends) -> anyhow::Result<()> {
    let (settings, command, shown): (Settings, _, fn(&Value) -> String) = match command {
        Sends::List(List {
            environment,
            open,
            limit,
            settings,
        }) => {
            let command = AdminCommand::ListSends {
                environment,
                open,
                limit,
            };
            (settings, command, listed)
        }
        Sends::Pause(Pause {
            place,
            network,
            reason,
            settings,
        }) => {
            must_be_known(&settings, network.as_deref())?;
            let command = AdminCommand::PauseSends {
                environment: place.environment,
                network,
                reason,
            };
            (settings, command, changed)
        }
        Sends::Resume(Resume {
            place,
            network,
            settings,
        }) => {
            let command = AdminCommand::ResumeSends {
                environment: place.environment,
                network,
            };
            (settings, command, changed)
        }
    };
    manage::run(&settings, command, shown).await
}

/// A pause of a network that nobody knows would stop nothing.
fn must_be_known(settings: &Settings, network: Option<&str>) -> anyhow::Result<()> {
    let config = settings.load_to_manage()?;
    if let Some(code) = network.filter(|code| config.networks.by_code(code).is_none()) {
        anyhow::bail!(
            "--network: there is no network {code}; the codes stand in [networks], `aboard config show` shows them"
        );
    }
    Ok(())
}

fn listed(answer: &Value) -> String {
    let all = |name: &str| answer[name].as_array().into_iter().flatten();
    let mut lines: Vec<String> = all("pauses")
        .map(|pause| {
            let network = match text(pause, "network") {
                "" => "every network",
                network => network,
            };
            let (environment, reason) = (text(pause, "environment_kind"), text(pause, "reason"));
            format!(
                "Paused in {environment} on {network} since {}: {reason}",
                text(pause, "since")
            )
        })
        .collect();
    let rows: Vec<Vec<String>> = all("sends").map(row).collect();
    if rows.is_empty() {
        lines.push("Nothing was sent.".to_owned());
    } else {
        lines.push(table(
            &[
                "TIME",
                "ENVIRONMENT",
                "NETWORK",
                "STATE",
                "KIND",
                "NONCE",
                "HASH",
                "SEND",
                "LAST ERROR",
            ],
            &rows,
        ));
    }
    lines.join("\n")
}

fn row(send: &Value) -> Vec<String> {
    let time = text(send, "created_at");
    let mut row = vec![time.get(..19).unwrap_or(time).replace('T', " ")];
    let words = ["environment_kind", "network", "state", "kind"].map(|name| text(send, name).to_owned());
    row.extend(words);
    row.push(number(&send["nonce"]));
    row.extend(["hash", "id", "last_error"].map(|name| text(send, name).to_owned()));
    row
}

fn changed(answer: &Value) -> String {
    let network = match text(answer, "network") {
        "" => "any network",
        network => network,
    };
    let environment = text(answer, "environment");
    if answer["paused"] == Value::Bool(true) {
        format!(
            "{environment} sends nothing on {network}: calls are refused, and what is stored waits. `aboard sends resume` lets it go on."
        )
    } else {
        format!("{environment} sends on {network} again, and what waited is sent now.")
    }
}
