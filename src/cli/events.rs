//! `aboard events`.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;

use super::arguments::{In, time};
use super::manage;
use super::print::{fields, minute, number, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::{EventId, WebhookId};

/// What happened, and who was told.
#[derive(Subcommand)]
pub enum Events {
    /// List the newest events
    List(List),
    /// Show an event and what became of its deliveries
    Show(Show),
    /// Tell a webhook again
    Replay(Replay),
}

/// The newest events.
#[derive(Args)]
pub struct List {
    /// Only those of one environment: sandbox, production, or an env_… id
    #[arg(long, value_name = "ENV")]
    environment: Option<String>,
    /// Only these types, with commas between them: user.created,login.*
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// How many of the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    #[command(flatten)]
    settings: Settings,
}

/// One event.
#[derive(Args)]
pub struct Show {
    /// The event: evt_…
    #[arg(value_name = "EVENT")]
    event: EventId,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// What a webhook is told again.
#[derive(Args)]
pub struct Replay {
    /// One event: evt_…
    #[arg(value_name = "EVENT", required_unless_present = "missing_since")]
    event: Option<EventId>,
    /// What never arrived since a time: 2026-01-15T10:30:00Z, or a day
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "event")]
    missing_since: Option<Timestamp>,
    /// The webhook: wh_…
    #[arg(long, value_name = "WEBHOOK")]
    webhook: WebhookId,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Events) -> anyhow::Result<()> {
    match command {
        Events::List(list) => {
            let command = AdminCommand::ListEvents {
                environment: list.environment,
                types: list.types,
                limit: list.limit,
            };
            manage::run(&list.settings, command, listed).await
        }
        Events::Show(show) => {
            let command = AdminCommand::ShowEvent {
                environment: show.place.environment,
                event: show.event,
            };
            manage::run(&show.settings, command, shown).await
        }
        Events::Replay(replay) => {
            let command = AdminCommand::ReplayEvents {
                environment: replay.place.environment,
                webhook: replay.webhook,
                event: replay.event,
                missing_since: replay.missing_since,
            };
            manage::run(&replay.settings, command, replayed).await
        }
    }
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| {
            vec![
                minute(&event["time"]),
                text(event, "environment_kind").to_owned(),
                text(event, "type").to_owned(),
                text(event, "user").to_owned(),
                text(event, "id").to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no such event in the last 30 days.".to_owned();
    }
    table(&["TIME", "ENVIRONMENT", "TYPE", "USER", "EVENT"], &rows)
}

fn shown(event: &Value) -> String {
    let about = fields(&[
        ("event", text(event, "id")),
        ("type", text(event, "type")),
        ("time", text(event, "time")),
        ("user", text(event, "user")),
        ("body", &event["body"].to_string()),
    ]);
    let rows: Vec<Vec<String>> = event["deliveries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            vec![
                match text(one, "webhook") {
                    "" => format!("a partner's {}", text(one, "url")).trim_end().to_owned(),
                    webhook => webhook.to_owned(),
                },
                text(one, "state").to_owned(),
                number(&one["attempts"]),
                number(&one["status"]),
                text(one, "error").to_owned(),
                minute(&one["next_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return format!("{about}\n\nNo webhook was told of it.");
    }
    let headings = ["WEBHOOK", "STATE", "ATTEMPTS", "STATUS", "ERROR", "NEXT"];
    format!("{about}\n\n{}", table(&headings, &rows))
}

fn replayed(answer: &Value) -> String {
    format!("The webhook {} is told again.", text(answer, "webhook"))
}
