//! `aboard wallets`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::arguments::In;
use super::manage;
use super::print::text;
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::WalletId;

/// Wallets of an environment.
#[derive(Subcommand)]
pub enum Wallets {
    /// Stop a wallet: it signs nothing and moves nowhere until it is thawed
    Freeze(Which),
    /// Let a frozen wallet go on
    Thaw(Which),
}

/// Which wallet.
#[derive(Args)]
pub struct Which {
    /// The wallet: wlt_…
    #[arg(value_name = "ID")]
    wallet: WalletId,
    #[command(flatten)]
    place: In,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Wallets) -> anyhow::Result<()> {
    let (which, frozen) = match command {
        Wallets::Freeze(which) => (which, true),
        Wallets::Thaw(which) => (which, false),
    };
    let command = AdminCommand::FreezeWallet {
        environment: which.place.environment,
        wallet: which.wallet,
        frozen,
    };
    manage::run(&which.settings, command, changed).await
}

fn changed(answer: &Value) -> String {
    let wallet = text(answer, "wallet");
    if answer["frozen"] == Value::Bool(true) {
        format!(
            "{wallet} is frozen: it signs nothing and moves nowhere, and what it signed before is offered to no node. `aboard sends list` shows what may be at one already. `aboard wallets thaw` lets it go on."
        )
    } else {
        format!("{wallet} is thawed.")
    }
}
