//! `aboard store`.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use aboard_vault::Kms;
use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::confirm::confirm;
use super::manage::{a_server_answers, must_be_there};
use super::print;
use super::settings::Settings;
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::instance::{Instance, check_canary, open_store};
use crate::kms::{self, KeyOf};
use crate::store::{CopyStep, CopyStore, InFlight, Standing, Store as OpenedStore, copy_unfinished};

/// Rows in one transaction.
const BATCH: u64 = 20_000;
/// How often a copy says how far it is.
const OFTEN: Duration = Duration::from_secs(1);

/// The store as a whole.
#[derive(Subcommand)]
pub enum Store {
    /// Move a whole instance to another database, compare it, and fence the old one
    Copy(Copy),
    /// Let a store that was copied take writes again
    Unfence(Unfence),
}

/// Move a whole instance to another database.
///
/// Stop the server first. The target is an empty database, or the unfinished copy of an earlier call, which goes on
/// where it ended. Every table is compared on both sides; only then the source is fenced: nothing can write to it any
/// more, and whoever tries is told the new place. Keep the key file: it is the same. Sessions, links, tokens and keys
/// go on working.
#[derive(Args)]
pub struct Copy {
    /// The new place: `postgres://user@host/database`, or sqlite:PATH
    #[arg(long, value_name = "URL")]
    to: String,
    #[command(flatten)]
    settings: Settings,
}

/// Let a store that was copied take writes again.
///
/// For a move that is called off. What was written to the copy since is in the copy alone, and what is written here from
/// now on is here alone: use one of them, and drop the other.
#[derive(Args)]
pub struct Unfence {
    /// Ask nothing
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of them.
pub async fn run(command: Store) -> anyhow::Result<()> {
    match command {
        Store::Copy(copy) => self::copy(copy).await,
        Store::Unfence(unfence) => self::unfence(unfence).await,
    }
}

async fn unfence(unfence: Unfence) -> anyhow::Result<()> {
    let json = unfence.settings.json;
    let config = unfence.settings.load_to_manage()?;
    let shown = config.store.shown_url();
    must_be_idle(&config).await?;
    let store = open_store(&config, InFlight::default(), Clock::System).await?;
    let standing = store.standing().await;
    store.close().await;
    if let Ok(Standing::MovedTo(place)) = standing {
        let question = format!(
            "{shown} was copied to {place}. Users who have come there since are not here, and keys that were revoked there still work here. If a server runs on the copy, stop it first.\nLift the fence?"
        );
        confirm(unfence.yes, json, &question)?;
    }
    let place = OpenedStore::unfence(&config.store.url, &shown).await?;
    // The store may be of an earlier release: opening it brings it up to date.
    let instance = Instance::open(&config, Clock::System, InFlight::default()).await?;
    let noted = instance
        .store
        .note_unfenced(&instance.admin(), &place, Clock::System.now())
        .await;
    instance.store.close().await;
    noted?;
    let answer = json!({ "store": shown, "copy": place });
    print::answer(json, &answer, |answer| {
        format!(
            "{} takes writes again. The copy at {} does so, too: drop it, so that nobody starts a server on it.",
            print::text(answer, "store"),
            print::text(answer, "copy")
        )
    })
}

/// The database is there, and no server runs on it.
async fn must_be_idle(config: &Config) -> anyhow::Result<()> {
    let Some(file) = config.store.file() else { return Ok(()) };
    must_be_there(file)?;
    if a_server_answers(file).await {
        bail!(
            "store.url: a server is running on {}. Stop it first; nothing was changed.",
            file.display()
        );
    }
    Ok(())
}

async fn copy(copy: Copy) -> anyhow::Result<()> {
    let json = copy.settings.json;
    let config = copy.settings.load_to_manage()?;
    let mut there = config.clone();
    there.store.url = copy.to;
    if is_same(&config, &there) {
        bail!("--to: this is the source itself; name another database");
    }
    must_be_idle(&config).await?;
    let watch = Stopwatch::start();
    ready(&config).await?;
    let target = open_target(&there).await?;
    let migrated = target.migrate().await;
    target.close().await;
    migrated?;
    let call = CopyStore {
        source: config.store.url.clone(),
        target: there.store.url.clone(),
        source_shown: config.store.shown_url(),
        target_shown: there.store.shown_url(),
        batch: BATCH,
        now: Clock::System.now(),
    };
    let mut last = Stopwatch::start();
    let copied = OpenedStore::copy(call, |step| {
        let line = match step {
            CopyStep::Compared(table) if json => Some(
                json!({ "step": "compared", "table": table.table, "rows": table.rows, "checksum": table.checksum })
                    .to_string(),
            ),
            CopyStep::Compared(table) => Some(format!("compared {}: {} rows", table.table, table.rows)),
            CopyStep::Copied { table, rows } => (last.elapsed() >= OFTEN).then(|| {
                last = Stopwatch::start();
                if json {
                    json!({ "step": "copied", "table": table, "rows": rows }).to_string()
                } else {
                    format!("copying {table}: {rows} rows")
                }
            }),
        };
        if let Some(line) = line {
            print::note(&line);
        }
        ControlFlow::Continue(())
    })
    .await?;
    let users = copied.tables.iter().find(|table| table.table == "users");
    let answer = json!({
        "from": config.store.shown_url(),
        "to": there.store.shown_url(),
        "users": users.map_or(0, |table| table.rows),
        "rows": copied.tables.iter().map(|table| table.rows).sum::<u64>(),
        "found_rows": copied.found,
        "milliseconds": u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX),
        "tables": copied.tables,
    });
    print::answer(json, &answer, said)
}

/// The source is of this release, this key opens it, and it is no unfinished copy itself.
async fn ready(config: &Config) -> anyhow::Result<()> {
    let key = load_key(config).await?;
    let store = open_store(config, InFlight::default(), Clock::System).await?;
    let checked = async {
        // A store of before copies has no such table, and is one of its own.
        match store.standing().await.unwrap_or(Standing::Own) {
            Standing::Own => drop(store.migrate().await?),
            // It takes no migration any more; its copy may still have to be let go.
            Standing::MovedTo(_) => {}
            Standing::UnfinishedCopyOf(place) => {
                bail!("store.url: {}", copy_unfinished(&config.store.shown_url(), &place))
            }
        }
        match store.instance().await? {
            Some(instance) => {
                let opened = move || check_canary(&*key, &instance.kek_id, &instance.canary);
                tokio::task::spawn_blocking(opened).await?
            }
            None => bail!(
                "store.url: there is no instance at {}; check store.url",
                config.store.shown_url()
            ),
        }
    };
    let checked = checked.await;
    store.close().await;
    checked
}

/// The configured key: it may be on another machine.
async fn load_key(config: &Config) -> anyhow::Result<std::sync::Arc<dyn Kms>> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || kms::load(&config, KeyOf::AnyStore, &Clock::System)).await?
}

async fn open_target(there: &Config) -> anyhow::Result<OpenedStore> {
    let opened = open_store(there, InFlight::default(), Clock::System).await;
    opened.map_err(|error| anyhow::anyhow!("--to: {error:#}"))
}

fn is_same(one: &Config, other: &Config) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match (one.store.file(), other.store.file()) {
        (Some(one), Some(other)) => real(one) == real(other),
        _ => one.store.url == other.store.url,
    }
}

fn said(answer: &Value) -> String {
    format!(
        "Copied {} users, {} rows in all, to {}. Every table is the same on both sides.\n\n\
         {} takes no more writes. Set store.url to the new place and start the server; keep the key file.",
        print::number(&answer["users"]),
        print::number(&answer["rows"]),
        print::text(answer, "to"),
        print::text(answer, "from"),
    )
}
