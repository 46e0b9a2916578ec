//! `aboard bench-floor`: the ceilings that `make bench` measures the server against, in the same run.
//!
//! The same statements and rows through the same writer, from callers inside the process; a bare JSON echo over
//! HTTP; the disk's sync rate; a receiver of webhooks; and links and wallet tokens made in bulk for the load generator.

mod backlog;
mod codes;
mod disk;
mod serve;
mod users;
mod verbs;
mod wallets;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::config::Config;

/// What to measure or to provide.
#[derive(Args)]
// The command that holds it makes a group of this name.
#[group(skip)]
pub struct BenchFloor {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The verbs of the store, called from inside the process; one line of JSON
    Verbs(Verbs),
    /// Makes login links through the store and writes their paths to a file, one a line
    Links(Links),
    /// Makes wallets and single-use tokens of them, and writes the tokens to a file, one a line
    WalletTokens(WalletTokens),
    /// Puts users into a store in bulk
    Seed(Seed),
    /// What it costs to claim from a backlog of events, at its beginning and at its end; one line of JSON
    Backlog {
        /// How many events
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        /// Leave them to a server, which tells them to a webhook at this address
        #[arg(long)]
        to: Option<String>,
    },
    /// How often the disk syncs in a second
    Disk {
        /// A directory on the disk
        directory: PathBuf,
    },
    /// A bare JSON echo over HTTP
    Echo,
    /// A receiver of webhooks that answers 204 and counts at GET /
    Receiver,
}

/// The verbs of the store.
#[derive(Args)]
pub struct Verbs {
    /// Callers at once
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32, 256])]
    callers: Vec<usize>,
    /// Seconds for each verb and number of callers
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

/// Links for the load generator.
#[derive(Args)]
pub struct Links {
    /// How many
    #[arg(long, default_value_t = 50_000)]
    count: usize,
    /// The partner's key, as `aboard dev` prints it
    #[arg(long)]
    partner_key: String,
    /// Where to write the paths
    #[arg(long)]
    out: PathBuf,
}

/// Wallet tokens for the load generator.
///
/// They live as long as any (`wallets.token_minutes`), and `server.public_url` has to be that of the server that reads
/// them.
#[derive(Args)]
pub struct WalletTokens {
    /// How many
    #[arg(long, default_value_t = 50_000)]
    count: usize,
    /// The app's client secret, as `aboard dev` prints it
    #[arg(long)]
    client_secret: String,
    /// Where to write the tokens
    #[arg(long)]
    out: PathBuf,
}

/// Users in bulk.
#[derive(Args)]
pub struct Seed {
    /// How many
    #[arg(long)]
    count: usize,
    /// The partner's key, as `aboard dev` prints it
    #[arg(long)]
    partner_key: String,
}

/// Runs one of them.
pub async fn run(bench: BenchFloor, config: Config) -> anyhow::Result<()> {
    match bench.what {
        What::Verbs(verbs) => verbs::verbs(&config, &verbs.callers, Duration::from_secs_f64(verbs.seconds)).await,
        What::Links(links) => verbs::links(&config, links.count, &links.partner_key, &links.out).await,
        What::WalletTokens(tokens) => wallets::tokens(&config, tokens.count, &tokens.client_secret, &tokens.out).await,
        What::Seed(seed) => verbs::seed(&config, seed.count, &seed.partner_key).await,
        What::Backlog { count, to } => backlog::backlog(&config, count, to.as_deref()).await,
        What::Disk { directory } => disk::sync_rate(&directory),
        What::Echo => serve::echo().await,
        What::Receiver => serve::receiver().await,
    }
}
