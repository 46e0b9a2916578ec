//! The store: there, of this version, really durable, opened by this key, in step with our clock.

use std::path::Path;
use std::sync::Arc;

use aboard_vault::Kms;
use jiff::SignedDuration;

use super::Check;
use crate::cli::data_directory::{mode, or_here, others_may};
use crate::cli::manage::must_be_there;
use crate::clock::Clock;
use crate::config::Config;
use crate::instance::{check_canary, must_stand, open_store};
use crate::store::{InFlight, Store, known_migrations};

/// A node that is further off than this is not ready.
const MOST_OFF: SignedDuration = SignedDuration::from_secs(2);

/// Looks at everything that can be looked at.
pub async fn look(config: &Config, key: Option<Arc<dyn Kms>>, checks: &mut Vec<Check>) {
    const NAME: &str = "store";
    let url = config.store.shown_url();
    if let Some(file) = config.store.file() {
        if let Err(error) = must_be_there(file) {
            checks.push(split(NAME, &error.to_string()));
            return;
        }
        checks.push(rights(file));
    }
    let store = match open_store(config, InFlight::default(), Clock::System).await {
        Ok(store) => store,
        Err(error) => {
            let advice = "Correct store.url, or bring the database back; nothing else of the store was looked at.";
            checks.push(Check::bad(NAME, format!("{error:#}"), advice));
            return;
        }
    };
    checks.push(Check::good(NAME, format!("{url} opens")));
    checks.push(durability(config, &store).await);
    let clock = clock(&store).await;
    checks.push(clock);
    let (schema, readable) = schema(&store).await;
    checks.push(schema);
    if readable && let Err(error) = must_stand(&store, &url).await {
        checks.push(Check::bad(
            "place",
            error.to_string(),
            "Set store.url to where the instance lives.",
        ));
    }
    if readable && let Some(key) = key {
        checks.push(canary(&store, key).await);
    }
    store.close().await;
}

fn rights(file: &Path) -> Check {
    const NAME: &str = "data rights";
    let shown = file.display();
    let directory = file.parent().map_or(Path::new("."), or_here);
    let [of_file, of_directory] = [file, directory].map(|path| mode(path) & 0o777);
    let advice = format!("chmod 600 {shown}*, and 700 its directory");
    if others_may(of_file) {
        return Check::bad(
            NAME,
            format!("{shown} can be read by other users (mode {of_file:04o})"),
            advice,
        );
    }
    if others_may(of_directory) {
        let found = format!(
            "other users may look into {} (mode {of_directory:04o})",
            directory.display()
        );
        return Check::bad(NAME, found, advice);
    }
    Check::good(NAME, format!("{shown} is this user's alone (mode {of_file:04o})"))
}

async fn schema(store: &Store) -> (Check, bool) {
    const NAME: &str = "schema";
    let Ok(applied) = store.migrations().await else {
        let check = Check::bad(
            NAME,
            "the store has not been set up",
            "Run `aboard migrate`, or start the server.",
        );
        return (check, false);
    };
    let known: Vec<&str> = known_migrations().collect();
    let missing: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| applied.iter().all(|applied| applied != name))
        .collect();
    let newer = applied.iter().any(|name| !known.contains(&name.as_str()));
    let check = if newer {
        let detail = "the store was migrated by a later release than this one";
        Check::bad(NAME, detail, "Run that release, or a later one.")
    } else if missing.is_empty() {
        Check::good(NAME, format!("up to date ({})", known.last().unwrap_or(&"empty")))
    } else {
        let detail = format!("not applied: {}", missing.join(", "));
        Check::bad(NAME, detail, "Run `aboard migrate`, or restart the server.")
    };
    (check, missing.len() < known.len())
}

async fn durability(config: &Config, store: &Store) -> Check {
    const NAME: &str = "durability";
    match store.durability().await {
        Ok(found) if found.durable => Check::good(NAME, format!("what is acknowledged is on disk ({})", found.detail)),
        Ok(found) => {
            let advice = if config.store.file().is_some() {
                "Set store.sync=true."
            } else {
                "Switch on fsync, full_page_writes and synchronous_commit in PostgreSQL."
            };
            let detail = format!("a power cut can lose what was acknowledged ({})", found.detail);
            Check::bad(NAME, detail, advice)
        }
        Err(error) => Check::bad(NAME, error.to_string(), "Look at the database's own log."),
    }
}

async fn clock(store: &Store) -> Check {
    const NAME: &str = "clock";
    let theirs = match store.durability().await {
        Ok(found) => found.clock,
        Err(error) => return Check::bad(NAME, error.to_string(), "Look at the database's own log."),
    };
    let Some(theirs) = theirs else {
        return Check::good(NAME, "the store uses this machine's");
    };
    let off = Clock::System.now().duration_since(theirs).abs();
    let detail = format!("{} ms off the store's", off.as_millis());
    if off > MOST_OFF {
        return Check::bad(
            NAME,
            detail,
            "Synchronize both machines (NTP): links and leases end by the clock.",
        );
    }
    Check::good(NAME, detail)
}

async fn canary(store: &Store, key: Arc<dyn Kms>) -> Check {
    const NAME: &str = "canary";
    match store.instance().await {
        Ok(Some(known)) => {
            let opens = move || check_canary(&*key, &known.kek_id, &known.canary);
            match tokio::task::spawn_blocking(opens).await {
                Ok(Ok(())) => Check::good(NAME, "the key opens this store"),
                Ok(Err(error)) => Check::bad(
                    NAME,
                    format!("{error:#}"),
                    "Set keys.file to the file this store was set up with, or look after the key service.",
                ),
                Err(_) => Check::bad(NAME, "the check was broken off", "Run it again."),
            }
        }
        Ok(None) => Check::bad(
            NAME,
            "the store has no keys yet",
            "Start the server once, or run `aboard orgs create NAME`.",
        ),
        Err(error) => Check::bad(NAME, error.to_string(), "Look at the schema's check."),
    }
}

/// A sentence of what was found and one of what to do.
fn split(name: &'static str, text: &str) -> Check {
    let (found, advice) = text.split_once(". ").unwrap_or((text, "Change it."));
    Check::bad(name, found, advice)
}
