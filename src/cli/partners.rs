//! `aboard partners`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::{In, List, Overlap};
use super::manage;
use super::print::{fields, minute, table, text, words};
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::PartnerId;

/// Partners: other companies' platforms that bring users aboard.
#[derive(Subcommand)]
pub enum Partners {
    /// Make a partner with a key and a webhook secret
    Create(Create),
    /// List the partners
    List(List),
    /// Give a partner a new webhook secret
    RotateSecret(RotateSecret),
    /// Revoke every key of a partner; its users stay
    Revoke(Revoke),
}

/// A new partner.
#[derive(Args)]
pub struct Create {
    /// Its name, as people see it
    name: String,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// A new webhook secret.
#[derive(Args)]
pub struct RotateSecret {
    /// The partner: prt_…
    #[arg(value_name = "ID")]
    partner: PartnerId,
    #[command(flatten)]
    overlap: Overlap,
    #[command(flatten)]
    settings: Settings,
}

/// The end of every key.
#[derive(Args)]
pub struct Revoke {
    /// The partner: prt_…
    #[arg(value_name = "ID")]
    partner: PartnerId,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Partners) -> anyhow::Result<()> {
    match command {
        Partners::Create(Create { name, place, settings }) => {
            let environment = place.environment;
            manage::run(&settings, AdminCommand::CreatePartner { environment, name }, created).await
        }
        Partners::List(List { environment, settings }) => {
            manage::run(&settings, AdminCommand::ListPartners { environment }, listed).await
        }
        Partners::RotateSecret(RotateSecret {
            partner,
            overlap,
            settings,
        }) => {
            let overlap_seconds = overlap.overlap;
            let command = AdminCommand::RotatePartnerSecret {
                partner,
                overlap_seconds,
            };
            manage::run(&settings, command, rotated).await
        }
        Partners::Revoke(Revoke { partner, settings }) => {
            manage::run(&settings, AdminCommand::RevokePartner { partner }, revoked).await
        }
    }
}

fn created(made: &Value) -> String {
    format!(
        "Made the partner {} in the {} of {}.\n\n{}\n\nKeep the key and the secret now: they are not shown again.",
        text(made, "name"),
        text(made, "environment_kind"),
        text(made, "organization"),
        fields(&[
            ("id", text(made, "id")),
            ("partner key", text(made, "partner_key")),
            ("webhook secret", text(made, "webhook_secret")),
            ("key id", text(made, "key_id")),
        ]),
    )
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["partners"]
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
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no partner yet. Make one with `aboard partners create --environment sandbox NAME`."
            .to_owned();
    }
    table(&["ID", "NAME", "ENVIRONMENT", "ORGANIZATION", "MADE"], &rows)
}

fn rotated(made: &Value) -> String {
    format!(
        "The partner {} has a new webhook secret.\n\n{}\n\nKeep it now: it is not shown again. Deliveries that have begun keep the secret they began with.",
        text(made, "name"),
        fields(&[
            ("webhook secret", text(made, "webhook_secret")),
            ("old secret until", &minute(&made["old_secret_ends_at"])),
        ]),
    )
}

/// What `revoke` says of a partner and of an app.
pub fn revoked(answer: &Value) -> String {
    let keys = words(&answer["revoked_keys"]);
    if keys.is_empty() {
        return format!("{} had no key that was not revoked before.", text(answer, "name"));
    }
    format!(
        "Revoked every key of {}: {keys}. Make a new one with `aboard keys create`.",
        text(answer, "name"),
    )
}
