//! `aboard webhooks`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::manage;
use super::print::{minute, number, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;

/// Webhooks of the organization: made over the API, looked at here.
#[derive(Subcommand)]
pub enum Webhooks {
    /// List the webhooks and how they fare
    List(List),
}

/// Which webhooks.
#[derive(Args)]
pub struct List {
    /// Only those of one environment: sandbox, production, or an env_… id
    #[arg(long, value_name = "ENV")]
    environment: Option<String>,
    /// Only those that fail or were switched off
    #[arg(long)]
    failing: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs it.
pub async fn run(command: Webhooks) -> anyhow::Result<()> {
    let Webhooks::List(list) = command;
    let command = AdminCommand::ListWebhooks {
        environment: list.environment,
        failing: list.failing,
    };
    manage::run(&list.settings, command, listed).await
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["webhooks"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|webhook| {
            vec![
                text(webhook, "id").to_owned(),
                text(webhook, "environment_kind").to_owned(),
                text(webhook, "state").to_owned(),
                number(&webhook["delivered"]),
                number(&webhook["failed"]),
                minute(&webhook["failing_since"]),
                text(webhook, "url").to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "None to show. `POST /v1/webhooks` makes a webhook.".to_owned();
    }
    let headings = [
        "ID",
        "ENVIRONMENT",
        "STATE",
        "DELIVERED",
        "FAILED",
        "FAILING SINCE",
        "URL",
    ];
    table(&headings, &rows)
}
