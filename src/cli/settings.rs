//! The arguments that every command takes: where the configuration comes from, and how to print.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{Config, Sources};

/// Where the configuration comes from.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// A configuration file; what it does not set is as in aboard.default.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The directory of the SQLite store [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The store's URL: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Set anything, like `limits.sandbox_per_minute=500`; see `aboard config show`
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("write SECTION.KEY=VALUE")?;
    Ok((pair.0.trim().to_owned(), pair.1.trim().to_owned()))
}

impl Settings {
    /// The configuration; `base` are settings that everything else overrides.
    pub fn load(&self, base: &[(&str, String)]) -> anyhow::Result<Config> {
        let base = base
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let mut set = Vec::new();
        if let Some(data) = &self.data {
            let file = data.join("aboard.db");
            set.push(("store.url".to_owned(), format!("sqlite:{}", file.display())));
        }
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

    /// The configuration of a command that manages a store. Where no key file is set, the one that `aboard dev`
    /// made for this data is taken; `serve` never does that.
    pub fn load_to_manage(&self) -> anyhow::Result<Config> {
        let mut config = self.load(&[])?;
        if config.keys.file.is_empty() {
            let beside = config.store.file().and_then(Path::parent).map(Path::to_owned);
            let made_by_dev = [Some(self.data_directory()), beside]
                .into_iter()
                .flatten()
                .map(|directory| directory.join(super::start::DEV_KEY))
                .find(|file| file.is_file());
            if let Some(file) = made_by_dev {
                config.keys.file = file.display().to_string();
            }
        }
        Ok(config)
    }

    /// The directory of `--data`, or ./data.
    pub fn data_directory(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("data"))
    }
}
