//! `aboard migrate`.

use clap::Args;
use serde_json::{Value, json};

use super::print;
use super::settings::Settings;
use crate::clock::Clock;
use crate::instance::open_store;
use crate::store::InFlight;

/// Bring the store's schema up to date.
#[derive(Args)]
pub struct Migrate {
    #[command(flatten)]
    settings: Settings,
}

/// Applies what is missing and says which. Needs no key file; begins the store if there is none.
pub async fn run(migrate: Migrate) -> anyhow::Result<()> {
    let settings = migrate.settings;
    let config = settings.load(&[])?;
    let store = open_store(&config, InFlight::default(), Clock::System).await?;
    let applied = store.migrate().await;
    store.close().await;
    let answer = json!({ "database": config.store.shown_url(), "applied": applied? });
    print::answer(settings.json, &answer, said)
}

fn said(answer: &Value) -> String {
    let database = print::text(answer, "database");
    match print::words(&answer["applied"]) {
        none if none.is_empty() => format!("Nothing to do: the schema of {database} is up to date."),
        applied => format!("Brought {database} up to date: {}.", applied.replace(' ', ", ")),
    }
}
