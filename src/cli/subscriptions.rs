//! `aboard subscriptions`.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;

use super::arguments::{InAny, time};
use super::manage;
use super::print::{fields, minute, text};
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::{SubscriptionStatus, UserId};

/// Plans of users.
#[derive(Subcommand)]
pub enum Subscriptions {
    /// Set a user's plan; the one before is replaced
    Set(Set),
}

/// A user's plan.
#[derive(Args)]
pub struct Set {
    /// The user: usr_…
    #[arg(value_name = "USER")]
    user: UserId,
    #[command(flatten)]
    place: InAny,
    /// The plan's name, as partners see it
    #[arg(long, value_name = "NAME")]
    plan: String,
    /// Active and trialing count as subscribed until the period ends
    #[arg(long)]
    status: SubscriptionStatus,
    /// When the period ends: 2027-01-01T00:00:00Z, or a day
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Timestamp,
    /// The next payment, like "9.00 EUR"
    #[arg(long, value_name = "AMOUNT")]
    amount: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Runs it.
pub async fn run(command: Subscriptions) -> anyhow::Result<()> {
    let Subscriptions::Set(set) = command;
    let command = AdminCommand::SetSubscription {
        environment: set.place.environment,
        user: set.user,
        plan: set.plan,
        status: set.status,
        until: set.until,
        amount: set.amount,
    };
    manage::run(&set.settings, command, changed).await
}

fn changed(answer: &Value) -> String {
    format!(
        "Set the plan of {}.\n\n{}",
        text(answer, "user"),
        fields(&[
            ("plan", text(answer, "plan")),
            ("status", text(answer, "status")),
            ("until", &minute(&answer["until"])),
            ("next payment", text(answer, "amount")),
        ]),
    )
}
