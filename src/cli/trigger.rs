//! `aboard trigger`.

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::calls::{Server, good};
use super::print::{self, text};

/// Make an event in the sandbox, as if it had happened; nothing else happens.
#[derive(Args)]
pub struct Trigger {
    /// The type, like user.created
    #[arg(value_name = "TYPE")]
    kind: String,
    /// What it says, as a JSON object; without it an example
    #[arg(long, value_name = "JSON")]
    event_data: Option<String>,
    #[command(flatten)]
    server: Server,
}

/// Runs it.
pub async fn run(trigger: Trigger) -> anyhow::Result<()> {
    let caller = trigger.server.caller().await?;
    let mut body = json!({ "type": trigger.kind });
    if let Some(data) = trigger.event_data {
        body["data"] = serde_json::from_str(&data).context("--event-data: write a JSON object")?;
    }
    let answer = caller
        .post("/v1/events", &body)
        .send()
        .await
        .with_context(|| caller.unreachable())?;
    let answer = good(answer).await?.bytes().await?;
    let made: Value = serde_json::from_slice(&answer)?;
    print::answer(trigger.server.settings.json, &made["data"], |event| {
        format!("Made {} {}.", text(event, "type"), text(event, "event_id"))
    })
}
