//! `aboard users`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::In;
use super::manage;
use super::print::text;
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::UserId;

/// Users of an environment.
#[derive(Subcommand)]
pub enum Users {
    /// Lock a user out: every session and token ends at once
    Suspend(Who),
    /// Let a suspended user in again
    Resume(Who),
}

/// Which user.
#[derive(Args)]
pub struct Who {
    /// The user: usr_…
    #[arg(value_name = "ID")]
    user: UserId,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Users) -> anyhow::Result<()> {
    let (who, suspended) = match command {
        Users::Suspend(who) => (who, true),
        Users::Resume(who) => (who, false),
    };
    let command = AdminCommand::SuspendUser {
        environment: who.place.environment,
        user: who.user,
        suspended,
    };
    manage::run(&who.settings, command, changed).await
}

fn changed(answer: &Value) -> String {
    let user = text(answer, "user");
    if answer["suspended"] == Value::Bool(true) {
        format!("{user} is suspended: every session and token has ended. `aboard users resume` lets it in again.")
    } else {
        format!("{user} may sign in again.")
    }
}
