//! `aboard requests`.

use clap::Args;
use serde_json::Value;

use super::manage;
use super::print::{number, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;

/// What was asked and how it ended.
#[derive(Args)]
pub struct Requests {
    /// Only those of one environment: sandbox, production, or an env_… id
    #[arg(long, value_name = "ENV")]
    environment: Option<String>,
    /// Only those that were refused or failed
    #[arg(long)]
    errors: bool,
    /// How many of the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    #[command(flatten)]
    settings: Settings,
}

/// Lists them, the newest last.
pub async fn run(requests: Requests) -> anyhow::Result<()> {
    let command = AdminCommand::ListRequests {
        environment: requests.environment,
        errors: requests.errors,
        limit: requests.limit,
    };
    manage::run(&requests.settings, command, listed).await
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["requests"].as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        return "There is no such request in the last 30 days. Only those with a valid credential are kept, and none where log.requests is off.".to_owned();
    }
    table(
        &["TIME", "ENVIRONMENT", "KEY", "CALL", "STATUS", "ERROR", "MS", "REQUEST"],
        &rows,
    )
}

fn row(request: &Value) -> Vec<String> {
    let micros = request["duration_us"].as_i64().unwrap_or_default();
    let error = [text(request, "error"), text(request, "field")];
    let name = match text(request, "key_name") {
        "" => text(request, "key"),
        name => name,
    };
    vec![
        second(text(request, "time")),
        text(request, "environment_kind").to_owned(),
        name.to_owned(),
        format!("{} {}", text(request, "method"), text(request, "route")),
        number(&request["status"]),
        error.join(" ").trim_end().to_owned(),
        format!("{}.{}", micros / 1_000, micros % 1_000 / 100),
        text(request, "id").to_owned(),
    ]
}

/// A time to the second.
fn second(time: &str) -> String {
    time.get(..19)
        .map_or_else(|| time.to_owned(), |start| format!("{}Z", start.replace('T', " ")))
}
