//! One server on a SQLite file. Each keeps what it has read in memory, and wakes no jobs of another's: two of them would
//! serve keys that were revoked and wait for each other's writes. Commands beside a running server go through its socket.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::data_directory::make_directory;
use crate::admin::socket;
use crate::config::Config;

/// The right to be the server of a file, held until this is dropped or the process ends, however it does.
pub struct OnlyServer(Option<File>);

/// Who has it, as the file beside the database says.
#[derive(Serialize, Deserialize)]
struct Holder {
    process: u32,
    /// Where it listens, once it does.
    listen: Option<String>,
}

/// `aboard.lock` beside `aboard.db`, by whichever path that was named.
fn place(database: &Path) -> PathBuf {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    real.with_extension("lock")
}

impl OnlyServer {
    /// Takes the right to a SQLite file; on PostgreSQL there is nothing to take.
    ///
    /// # Errors
    /// Names the process that has it, and its socket.
    pub fn take(config: &Config) -> anyhow::Result<Self> {
        let Some(database) = config.store.file() else {
            return Ok(Self(None));
        };
        if let Some(directory) = database.parent() {
            make_directory(directory)?;
        }
        let place = place(database);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&place);
        let file = opened.with_context(|| format!("store.url: cannot open {}", place.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = read(&place).map_or_else(String::new, |holder| format!("process {}, ", holder.process));
                bail!(
                    "store.url: a server is running on {} ({process}socket {}). Stop it first; for several servers on one store use PostgreSQL.",
                    database.display(),
                    socket::path(database).display()
                );
            }
            Err(TryLockError::Error(error)) => {
                tracing::warn!(file = %place.display(), %error, "this file system has no locks: nothing keeps a second server from this store");
                return Ok(Self(None));
            }
        }
        let mut only = Self(Some(file));
        only.write(None)?;
        Ok(only)
    }

    /// Says where the server listens, for `aboard doctor`.
    pub fn listens(&mut self, url: &str) -> anyhow::Result<()> {
        let address = url.split_once("://").map_or(url, |(_, address)| address);
        self.write(Some(address.to_owned()))
    }

    fn write(&mut self, listen: Option<String>) -> anyhow::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let holder = Holder {
            process: std::process::id(),
            listen,
        };
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(serde_json::to_string(&holder)?.as_bytes())?;
        Ok(())
    }
}

fn read(place: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(place).ok()?.take(1_024).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Where the last server of a SQLite file listens or listened, as `address:port`: ask only while one answers.
pub fn last_listened(database: &Path) -> Option<String> {
    read(&place(database))?.listen
}
