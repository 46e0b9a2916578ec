//! Commands that manage a store: handed to the server that runs on it, or run here.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::only_server::last_listened;
use super::print;
use super::settings::Settings;
use crate::admin::socket::{COMMAND_TIME, REQUEST_TIME, Reply, Request, path};
use crate::admin::{AdminCommand, execute};
use crate::clock::Clock;
use crate::config::Config;
use crate::instance::Instance;
use crate::store::InFlight;

/// Several commands after each other: one store is opened for all of them, where no server is running.
pub struct Session {
    config: Config,
    here: Option<Instance>,
}

impl Session {
    /// Reads the configuration; nothing is opened yet.
    pub fn open(settings: &Settings) -> anyhow::Result<Self> {
        let config = settings.load_to_manage()?;
        Ok(Self { config, here: None })
    }

    /// Runs a command: each through the server that is running then, or here.
    pub async fn call(&mut self, command: AdminCommand) -> anyhow::Result<Value> {
        let answered = match self.config.store.file() {
            Some(database) => ask_server(&path(database), &command).await?,
            None => None,
        };
        if let Some(value) = answered {
            return Ok(value);
        }
        if self.here.is_none() {
            self.here = Some(open_here(&self.config, &command).await?);
        }
        match &self.here {
            Some(instance) => execute(instance, command).await,
            None => bail!("the store is not open"),
        }
    }

    /// Closes what was opened.
    pub async fn close(self) {
        if let Some(instance) = self.here {
            instance.store.close().await;
        }
    }
}

/// Whether a server is running on a database file.
pub async fn a_server_answers(database: &Path) -> bool {
    UnixStream::connect(path(database)).await.is_ok()
}

/// Where the server that runs on this store listens, if one answers and says so.
pub async fn running(config: &Config) -> Option<SocketAddr> {
    let database = config.store.file()?;
    if !a_server_answers(database).await {
        return None;
    }
    last_listened(database)?.parse().ok()
}

/// Runs a command and prints its answer.
pub async fn run(
    settings: &Settings,
    command: AdminCommand,
    text: impl FnOnce(&Value) -> String,
) -> anyhow::Result<()> {
    let config = settings.load_to_manage()?;
    let answered = match config.store.file() {
        Some(database) => ask_server(&path(database), &command).await?,
        None => None,
    };
    let value = match answered {
        Some(value) => value,
        None => run_here(&config, command).await?,
    };
    print::answer(settings.json, &value, text)
}

async fn open_here(config: &Config, command: &AdminCommand) -> anyhow::Result<Instance> {
    if !command.may_begin_a_store()
        && let Some(file) = config.store.file()
    {
        must_be_there(file)?;
    }
    Instance::open(config, Clock::System, InFlight::default()).await
}

async fn run_here(config: &Config, command: AdminCommand) -> anyhow::Result<Value> {
    let instance = open_here(config, &command).await?;
    let answer = execute(&instance, command).await;
    instance.store.close().await;
    answer
}

/// A mistyped path would otherwise begin a new, empty store.
pub fn must_be_there(file: &Path) -> anyhow::Result<()> {
    if !file.exists() {
        bail!(
            "store.url: there is no database at {}. Name its directory with --data DIR, or begin one with `aboard orgs create NAME`.",
            file.display()
        );
    }
    Ok(())
}

/// Hands the command to the running server; `None` if there is none.
async fn ask_server(socket: &Path, command: &AdminCommand) -> anyhow::Result<Option<Value>> {
    let mut stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => bail!(
            "store.url: the server's socket {} belongs to another user; run this as that user",
            socket.display()
        ),
        // None there, a dead one, or a path too long for one.
        Err(_) => return Ok(None),
    };
    let mut line = serde_json::to_vec(&Request::new(command)?)?;
    line.push(b'\n');
    let unknown = "the running server did not answer; the command may or may not have been carried out. Look with the list command, and look at the server's log";
    let talk = async {
        stream.write_all(&line).await?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await?;
        std::io::Result::Ok(reply)
    };
    let patience = COMMAND_TIME + 2 * REQUEST_TIME;
    let reply = timeout(patience, talk).await.context(unknown)?.context(unknown)?;
    match serde_json::from_slice(&reply).context(unknown)? {
        Reply::Done(value) => Ok(Some(value)),
        Reply::Failed(chain) => Err(rebuilt(chain)),
    }
}

/// The server's error with its causes, as if it had happened here.
fn rebuilt(chain: Vec<String>) -> anyhow::Error {
    let mut causes = chain.into_iter().rev();
    let innermost = causes.next().unwrap_or_else(|| "the running server refused".to_owned());
    causes.fold(anyhow::Error::msg(innermost), anyhow::Error::context)
}
