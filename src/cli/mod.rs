//! The command line.

mod dev_keys;
mod gen_files;
pub(crate) mod print;
mod start;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Sources};

/// The server that brings users aboard.
#[derive(Parser)]
#[command(name = "aboard", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a server to try things on: no configuration, keys printed, data in ./data
    Dev(start::Dev),
    /// Start the server in production
    Serve(start::Serve),
    /// Write the generated files of the repository
    #[command(hide = true)]
    Gen,
    /// The ceilings that `make bench` compares with
    #[command(hide = true)]
    BenchFloor {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        bench: crate::bench::BenchFloor,
    },
}

/// Where the configuration comes from.
#[derive(Args, Clone, Default)]
struct Settings {
    /// A configuration file; what it does not set is as in aboard.default.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of the SQLite store
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The store's URL: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Set anything: --set limits.sandbox_per_minute=500
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("write SECTION.KEY=VALUE")?;
    Ok((pair.0.trim().to_owned(), pair.1.trim().to_owned()))
}

impl Settings {
    /// The configuration; `base` are settings that everything else overrides.
    fn load(&self, base: &[(&str, String)]) -> anyhow::Result<Config> {
        let mut base: Vec<_> = base
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        if let Some(data) = &self.data {
            base.push((
                "store.url".to_owned(),
                format!("sqlite:{}", data.join("aboard.db").display()),
            ));
        }
        let mut set = Vec::new();
        if let Some(url) = &self.database {
            set.push(("store.url".to_owned(), url.clone()));
        }
        set.extend(self.set.iter().cloned());
        Ok(Config::load(&Sources {
            file: self.config.clone(),
            base,
            set,
        })?)
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return print::failed(&anyhow::anyhow!("cannot start: {error}")),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Dev(dev) => start::dev(dev).await,
            Command::Serve(serve) => start::serve(serve).await,
            Command::Gen => gen_files::write(),
            Command::BenchFloor { settings, bench } => match settings.load(&[]) {
                Ok(config) => crate::bench::run(bench, config).await,
                Err(error) => Err(error),
            },
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => print::failed(&error),
    }
}
