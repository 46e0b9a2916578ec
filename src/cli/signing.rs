//! `aboard keys signing`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::{In, List, Overlap};
use super::manage;
use super::print::{fields, minute, table, text};
use super::settings::Settings;
use crate::admin::{AdminCommand, SigningAlgorithm};

/// The keys that sign the tokens of an environment.
#[derive(Subcommand)]
pub enum Signing {
    /// List the published keys that sign or still verify
    List(List),
    /// Sign with a new key at once; the old one is published and verifies for a while
    Rotate(Rotate),
}

/// A new signing key.
#[derive(Args)]
pub struct Rotate {
    #[command(flatten)]
    place: In,
    /// How the new key signs [default: as the one before it]
    #[arg(long, value_name = "ALGORITHM", ignore_case = true)]
    algorithm: Option<SigningAlgorithm>,
    #[command(flatten)]
    overlap: Overlap,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Signing) -> anyhow::Result<()> {
    match command {
        Signing::List(List { environment, settings }) => {
            manage::run(&settings, AdminCommand::ListSigningKeys { environment }, listed).await
        }
        Signing::Rotate(rotate) => {
            let command = AdminCommand::RotateSigningKey {
                environment: rotate.place.environment,
                algorithm: rotate.algorithm,
                overlap_seconds: rotate.overlap.overlap,
            };
            manage::run(&rotate.settings, command, rotated).await
        }
    }
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["signing_keys"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let state = match text(row, "state") {
                "ending" => format!("until {}", minute(&row["retired_at"])),
                state => state.to_owned(),
            };
            vec![
                text(row, "id").to_owned(),
                text(row, "algorithm").to_owned(),
                text(row, "environment_kind").to_owned(),
                text(row, "organization").to_owned(),
                state,
                minute(&row["created_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no signing key yet: each organization is made with its own, by `aboard orgs create NAME`."
            .to_owned();
    }
    table(
        &["ID", "ALGORITHM", "ENVIRONMENT", "ORGANIZATION", "STATE", "MADE"],
        &rows,
    )
}

fn rotated(made: &Value) -> String {
    format!(
        "The {} of {} signs its tokens with a new key.\n\n{}\n\nTokens that an older key signed fail from that time on.",
        text(made, "environment_kind"),
        text(made, "organization"),
        fields(&[
            ("id", text(made, "id")),
            ("algorithm", text(made, "algorithm")),
            ("old keys until", &minute(&made["old_keys_end_at"])),
        ]),
    )
}
