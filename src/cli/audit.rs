//! `aboard audit`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::manage;
use super::print::{minute, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;

/// Who changed what, and which wallet's key was used: organizations, keys, settings, suspensions, erasures.
#[derive(Subcommand)]
pub enum Audit {
    /// List the newest entries
    List(List),
    /// Check that nothing was changed in or taken out of the log
    Verify(Verify),
}

/// The newest entries.
#[derive(Args)]
pub struct List {
    /// Only those of one environment: sandbox, production, or an env_… id
    #[arg(long, value_name = "ENV")]
    environment: Option<String>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only those of one thing, like a wallet (wlt_…), a key or a user
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// Only those before this number
    #[arg(long, value_name = "SEQ")]
    before: Option<i64>,
    #[command(flatten)]
    settings: Settings,
}

/// The whole chain.
#[derive(Args)]
pub struct Verify {
    /// A head that an earlier check printed: is it still in the chain, or was the end cut off?
    #[arg(long, value_name = "HEAD")]
    head: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Audit) -> anyhow::Result<()> {
    match command {
        Audit::List(List {
            environment,
            limit,
            target,
            before,
            settings,
        }) => {
            let command = AdminCommand::ListAudit {
                environment,
                target,
                before,
                limit,
            };
            manage::run(&settings, command, listed).await
        }
        Audit::Verify(Verify { head, settings }) => {
            manage::run(&settings, AdminCommand::VerifyAudit { head }, verified).await
        }
    }
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            vec![
                entry["seq"].to_string(),
                minute(&entry["at"]),
                text(entry, "actor").to_owned(),
                text(entry, "action").to_owned(),
                text(entry, "target").to_owned(),
            ]
        })
        .collect();
    table(&["no", "when", "who", "what", "to what"], &rows)
}

fn verified(answer: &Value) -> String {
    format!(
        "✓ {} entries, every one with its seal.\n\nKeep this head elsewhere, and check against it later with --head:\n  {}",
        answer["entries"],
        text(answer, "head"),
    )
}
