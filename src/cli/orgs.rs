//! `aboard orgs`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::manage;
use super::print::{fields, minute, table, text};
use super::settings::Settings;
use crate::admin::AdminCommand;

/// Organizations: companies that run their product on this server.
#[derive(Subcommand)]
pub enum Orgs {
    /// Make an organization with a sandbox and a production
    Create(Create),
    /// List the organizations and their environments
    List(List),
}

/// A new organization.
#[derive(Args)]
pub struct Create {
    /// Its name, as people see it
    name: String,
    #[command(flatten)]
    settings: Settings,
}

/// Every organization.
#[derive(Args)]
pub struct List {
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Orgs) -> anyhow::Result<()> {
    match command {
        Orgs::Create(Create { name, settings }) => {
            manage::run(&settings, AdminCommand::CreateOrganization { name }, created).await
        }
        Orgs::List(List { settings }) => manage::run(&settings, AdminCommand::ListOrganizations {}, listed).await,
    }
}

fn created(made: &Value) -> String {
    let environments = &made["environments"];
    format!(
        "Made the organization {}.\n\n{}\n\nNext: aboard partners create --environment {} NAME",
        text(made, "name"),
        fields(&[
            ("id", text(made, "id")),
            ("sandbox", text(environments, "sandbox")),
            ("production", text(environments, "production")),
        ]),
        text(environments, "sandbox"),
    )
}

fn listed(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["organizations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let environments = &row["environments"];
            vec![
                text(row, "id").to_owned(),
                text(row, "name").to_owned(),
                text(environments, "sandbox").to_owned(),
                text(environments, "production").to_owned(),
                minute(&row["created_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "There is no organization yet. Make one with `aboard orgs create NAME`.".to_owned();
    }
    table(&["ID", "NAME", "SANDBOX", "PRODUCTION", "MADE"], &rows)
}
