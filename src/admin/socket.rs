//! How the command line speaks to a server that runs on the same SQLite file: one line of JSON each way, over
//! a socket beside the file. A second process that writes to a busy file would wait, and might fail.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AdminCommand;

/// No request is longer, newline included.
pub const LONGEST_REQUEST: u64 = 64 << 10;
/// How long a request may take to arrive.
pub const REQUEST_TIME: Duration = Duration::from_secs(5);
/// How long a command may run.
pub const COMMAND_TIME: Duration = Duration::from_secs(30);

/// What the command line sends.
#[derive(Serialize, Deserialize)]
pub struct Request {
    /// The version of the command line.
    pub version: String,
    /// What to do; a value here, so that a server tells an unknown command from a broken line.
    pub command: Value,
}

/// What the server answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done; this is what `--json` prints.
    Done(Value),
    /// It was not done; a sentence, and the causes below it.
    Failed(Vec<String>),
}

impl Request {
    /// A request of this version.
    pub fn new(command: &AdminCommand) -> serde_json::Result<Self> {
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: serde_json::to_value(command)?,
        })
    }
}

impl Reply {
    /// An error with its causes.
    #[must_use]
    pub fn failed(error: &anyhow::Error) -> Self {
        Self::Failed(error.chain().map(ToString::to_string).collect())
    }
}

/// Where the socket of a database file is: `aboard.sock` beside `aboard.db`.
#[must_use]
pub fn path(database: &Path) -> PathBuf {
    database.with_extension("sock")
}
