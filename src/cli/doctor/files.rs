//! The key file: there, readable, this user's alone, apart from the data. Or the key service, and what it needs.

use std::path::Path;
use std::sync::Arc;

use aboard_vault::Kms;

use super::Check;
use crate::cli::data_directory::{mode, others_may};
use crate::cli::start::DEV_KEY;
use crate::clock::Clock;
use crate::config::{Config, KeyKind};
use crate::instance::is_beside_the_data;
use crate::kms::{self, KeyOf};

/// Whether the key file is the one that `aboard dev` makes beside its data.
pub fn is_of_dev(config: &Config) -> bool {
    let file = Path::new(&config.keys.file);
    file.file_name().is_some_and(|name| name == DEV_KEY) && config.server.public_url.is_empty()
}

/// The key, if it can be reached: on a thread of its own, because it may be on another machine.
pub async fn key(config: &Config, of_dev: bool, checks: &mut Vec<Check>) -> Option<Arc<dyn Kms>> {
    const NAME: &str = "key service";
    if config.keys.kind == KeyKind::File {
        return key_file(config, of_dev, checks).await;
    }
    match load(config).await {
        Ok(key) => {
            checks.push(Check::good(
                NAME,
                format!("{} ({})", kms::place(&config.keys), key.id()),
            ));
            Some(key)
        }
        Err(error) => {
            let advice = "Correct the setting. Whether the service answers is told by the canary.";
            checks.push(Check::bad(NAME, format!("{error:#}"), advice));
            None
        }
    }
}

async fn load(config: &Config) -> anyhow::Result<Arc<dyn Kms>> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || kms::load(&config, KeyOf::AnyStore, &Clock::System)).await?
}

async fn key_file(config: &Config, of_dev: bool, checks: &mut Vec<Check>) -> Option<Arc<dyn Kms>> {
    const NAME: &str = "key file";
    let file = &config.keys.file;
    if file.is_empty() {
        checks.push(Check::bad(
            NAME,
            "keys.file is not set",
            "Set it, like --set keys.file=FILE: the file that the store was set up with, or for a new store one that `aboard keys init FILE` makes.",
        ));
        return None;
    }
    let key = match load(config).await {
        Ok(key) => key,
        Err(error) => {
            let advice = "Restore it from its backup, or let this user read it. A new one opens nothing that is there.";
            checks.push(Check::bad(NAME, format!("{error:#}"), advice));
            return None;
        }
    };
    let mode = mode(Path::new(file)) & 0o777;
    checks.push(if is_beside_the_data(config, Path::new(file)) && !of_dev {
        let found = format!("{file} lies in the data directory, so a stolen backup would hold both");
        Check::bad(NAME, found, "Move it elsewhere and set keys.file.")
    } else if others_may(mode) {
        let found = format!("{file} can be read by other users (mode {mode:04o})");
        Check::bad(NAME, found, format!("chmod 600 {file}"))
    } else {
        Check::good(NAME, format!("{file} ({}), mode {mode:04o}", key.id()))
    });
    Some(key)
}
