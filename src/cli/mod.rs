//! The command line.

mod app_policy;
mod apps;
mod arguments;
mod audit;
mod bench;
mod calls;
mod channels;
mod config;
mod confirm;
mod data_directory;
mod dev_keys;
mod doctor;
mod environment_settings;
mod events;
#[cfg(feature = "fakes")]
mod fake;
mod gen_files;
mod keys;
mod listen;
mod manage;
mod migrate;
mod move_users;
mod only_server;
mod orgs;
mod partners;
mod print;
mod providers;
mod ready;
mod requests;
mod rewrap;
mod safety;
mod sends;
mod settings;
mod signing;
mod start;
mod store;
mod subscriptions;
mod trigger;
mod users;
mod wallets;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use settings::Settings;

const EXAMPLES: &str = "\
Start here:
  aboard dev                                          try it: keys are printed, data is in ./data
  aboard partners create --environment sandbox Acme   a partner's key and webhook secret

In production:
  aboard keys init /etc/aboard/key                    the key that seals every secret; back it up
  aboard serve --config aboard.toml                   the server
  aboard orgs create Example                          beside it: an organization, then its partners
  aboard channels set whatsapp --environment production   what carries codes; sms, email, http
  aboard doctor --config aboard.toml                  what is wrong, and what to do

Settings come from --config FILE, then ABOARD_SECTION__KEY in the environment, then the command line.
Every command takes --json, and works beside a running server on the same store.";

/// The server that brings users aboard.
#[derive(Parser)]
#[command(name = "aboard", version, about, disable_help_subcommand = true, after_help = EXAMPLES)]
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
    /// Bring the store's schema up to date; `serve` does it at its start as well
    Migrate(migrate::Migrate),
    /// Move a whole instance to another database
    #[command(subcommand)]
    Store(store::Store),
    /// Make and list organizations, each with a sandbox and a production
    #[command(subcommand)]
    Orgs(orgs::Orgs),
    /// Make and list partners: the platforms that bring users aboard
    #[command(subcommand)]
    Partners(partners::Partners),
    /// Make and list apps, your own clients, and how people log in to them
    #[command(subcommand)]
    Apps(apps::Apps),
    /// Make the key file; make, list, rotate and revoke API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Set, test, list and remove what carries one-time codes: WhatsApp, SMS, e-mail, your own sender
    #[command(subcommand)]
    Channels(channels::Channels),
    /// List, show, suspend, erase, export and import users
    #[command(subcommand)]
    Users(users::Users),
    /// Freeze and thaw wallets
    #[command(subcommand)]
    Wallets(wallets::Wallets),
    /// Show what wallets sent, and stop it where it has to wait
    #[command(subcommand)]
    Sends(sends::Sends),
    /// Set the plans of users
    #[command(subcommand)]
    Subscriptions(subscriptions::Subscriptions),
    /// Show what happened and who was told; tell a webhook again
    #[command(subcommand)]
    Events(events::Events),
    /// Show the organization's webhooks and how they fare
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Watch the sandbox's events and forward them to a program on this machine
    Listen(listen::Listen),
    /// Make an event in the sandbox, to see what your program does with it
    Trigger(trigger::Trigger),
    /// Show what was asked lately, by which key, and how it ended
    Requests(requests::Requests),
    /// Show and change what one environment sets differently from the configuration file
    #[command(subcommand, name = "settings")]
    EnvironmentSettings(environment_settings::EnvironmentSettings),
    /// Show who changed what, and check that the log is whole
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Look for what is wrong, and say what to do
    Doctor(doctor::Doctor),
    /// Stand in for WhatsApp, Twilio or a mail server, to watch codes arrive
    #[cfg(feature = "fakes")]
    #[command(subcommand)]
    Fake(fake::Fake),
    /// Write the generated files of the repository
    #[command(hide = true)]
    Gen,
    /// The ceilings that `make bench` compares with
    #[command(hide = true)]
    BenchFloor {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        bench: bench::BenchFloor,
    },
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return print::failed(&anyhow::anyhow!("cannot start: {error}")),
    };
    runtime
        .block_on(dispatch(cli.command))
        .unwrap_or_else(|error| print::failed(&error))
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Config(command) => return config::run(command),
        Command::Doctor(doctor) => return doctor::run(doctor).await,
        Command::Dev(dev) => start::dev(dev).await?,
        Command::Serve(serve) => start::serve(serve).await?,
        Command::Migrate(migrate) => migrate::run(migrate).await?,
        Command::Store(command) => store::run(command).await?,
        Command::Orgs(command) => orgs::run(command).await?,
        Command::Partners(command) => partners::run(command).await?,
        Command::Apps(command) => apps::run(command).await?,
        Command::Keys(command) => keys::run(command).await?,
        Command::Channels(command) => channels::run(command).await?,
        Command::Users(command) => users::run(command).await?,
        Command::Wallets(command) => wallets::run(command).await?,
        Command::Sends(command) => sends::run(command).await?,
        Command::Subscriptions(command) => subscriptions::run(command).await?,
        Command::Events(command) => events::run(command).await?,
        Command::Webhooks(command) => webhooks::run(command).await?,
        Command::Listen(listen) => listen::run(listen).await?,
        Command::Trigger(trigger) => trigger::run(trigger).await?,
        Command::Requests(requests) => requests::run(requests).await?,
        Command::EnvironmentSettings(command) => environment_settings::run(command).await?,
        #[cfg(feature = "fakes")]
        Command::Fake(command) => fake::run(command).await?,
        Command::Audit(command) => audit::run(command).await?,
        Command::Gen => gen_files::write()?,
        Command::BenchFloor { settings, bench } => bench::run(bench, settings.load(&[])?).await?,
    }
    Ok(ExitCode::SUCCESS)
}
