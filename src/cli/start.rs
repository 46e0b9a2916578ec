//! `aboard dev` and `aboard serve`.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::dev_keys::{DevEnvironment, DevKeys, load_or_create};
use super::print;
use super::safety::refusals;
use super::settings::Settings;
use crate::app::{App, Bound};
use crate::clock::{Clock, Ids, Stopwatch};
use crate::instance::{Instance, create_key_file};
use crate::store::InFlight;
use crate::web::Welcome;

/// The key file that `aboard dev` makes in its data directory.
pub const DEV_KEY: &str = "dev.key";

/// Start a server to try things on.
///
/// Everything is in the data directory: users, the key file and the API keys, which are the same at every start.
#[derive(Args)]
pub struct Dev {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Keep sandbox webhooks from reaching this machine, as production does
    #[arg(long)]
    strict_webhooks: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Start the server in production.
///
/// It needs `server.public_url` and `keys.file` (see `aboard keys init`), and refuses what is unsafe. SIGTERM and
/// SIGINT stop it: running requests are finished first.
#[derive(Args)]
pub struct Serve {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Accepted for symmetry: the guard is always on here
    #[arg(long, hide = true)]
    strict_webhooks: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Port 0 means that any address will do, for the metrics as well where nothing else says where they are.
fn any_metrics_address(listen: Option<SocketAddr>) -> Vec<(&'static str, String)> {
    let any = listen.is_some_and(|listen| listen.port() == 0);
    any.then(|| ("server.metrics_listen", "127.0.0.1:0".to_owned()))
        .into_iter()
        .collect()
}

fn with_listen(mut settings: Settings, listen: Option<SocketAddr>) -> Settings {
    if let Some(listen) = listen {
        settings.set.push(("server.listen".to_owned(), listen.to_string()));
    }
    settings
}

/// Runs `aboard dev` until a signal stops it.
pub async fn dev(dev: Dev) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    let stop = Stop::prepare()?;
    let settings = with_listen(dev.settings, dev.listen);
    let data = settings.data_directory();
    let key_file = data.join(DEV_KEY);
    let mut base = any_metrics_address(dev.listen);
    base.push(("keys.file", key_file.display().to_string()));
    base.push(("server.docs", "true".to_owned()));
    if !dev.strict_webhooks {
        base.push(("webhooks.sandbox_loopback", "true".to_owned()));
    }
    let mut config = settings.load(&base)?;
    super::print::start_log(&config)?;
    make_directory(&data)?;
    let clock = Clock::System;
    if Path::new(&config.keys.file) == key_file && !key_file.exists() {
        create_key_file(&key_file, &Ids::new(clock.clone()))?;
        tracing::info!(file = %key_file.display(), "made a key file of its own; `serve` never does");
    }
    let bound = Bound::bind(&config)?;
    if config.server.public_url.is_empty() {
        config.server.public_url = bound.url()?;
        let address = config.server.listen;
        let port = bound.url()?.rsplit(':').next().unwrap_or_default().to_owned();
        if address.ip().is_loopback() {
            config.server.hosts.push(format!("localhost:{port}"));
        }
    }
    if config.webhooks.sandbox_loopback {
        tracing::info!("sandbox webhooks may reach this machine; --strict-webhooks switches that off");
    }
    let in_flight = InFlight::default();
    let instance = Instance::open(&config, clock, in_flight.clone()).await?;
    let keys = load_or_create(&instance, &data.join("dev-keys.json")).await?;
    let welcome = Welcome {
        partner_key: keys.sandbox.partner_key.clone(),
        server_key: keys.sandbox.server_key.clone(),
        client_secret: keys.sandbox.client_secret.clone(),
        metrics_url: bound.metrics_url()?,
    };
    let app = App::start(config, instance, in_flight, bound, Some(welcome)).await?;
    tracing::info!(
        url = app.url,
        ready_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or_default(),
        "ready"
    );
    print_ready(&if settings.json {
        ready_line(&app, Some(&keys)).to_string()
    } else {
        greeting(&app, &keys)
    });
    stop.run_until(app).await;
    Ok(())
}

/// Runs `aboard serve` until a signal stops it.
pub async fn serve(serve: Serve) -> anyhow::Result<()> {
    let stop = Stop::prepare()?;
    let settings = with_listen(serve.settings, serve.listen);
    let config = settings.load(&any_metrics_address(serve.listen))?;
    print::start_log(&config)?;
    let refused = refusals(&config);
    if !refused.is_empty() {
        bail!("{}", refused.join("\n"));
    }
    let in_flight = InFlight::default();
    let bound = Bound::bind(&config)?;
    let instance = Instance::open(&config, Clock::System, in_flight.clone()).await?;
    let durability = instance.store.durability().await?;
    if !durability.durable {
        bail!(
            "store: this store does not sync what it acknowledges ({}). Set store.sync=true, or switch on fsync, full_page_writes and synchronous_commit in PostgreSQL.",
            durability.detail
        );
    }
    let app = App::start(config, instance, in_flight, bound, None).await?;
    tracing::info!(url = app.url, public_url = app.web.public_url, "ready");
    if settings.json {
        print_ready(&ready_line(&app, None).to_string());
    }
    stop.run_until(app).await;
    Ok(())
}

fn make_directory(directory: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.with_context(|| format!("--data: cannot make the directory {}", directory.display()))
}

/// The one line of `--json`; `serve` never prints keys.
fn ready_line(app: &App, keys: Option<&DevKeys>) -> serde_json::Value {
    let mut line =
        json!({ "url": app.url, "metrics_url": app.metrics_url, "database": app.web.config.store.shown_url() });
    if let Some(keys) = keys {
        let printed = |keys: &DevEnvironment| {
            json!({
                "partner_key": keys.partner_key,
                "partner_webhook_secret": keys.partner_webhook_secret,
                "server_key": keys.server_key,
                "app_id": keys.app_id,
                "client_secret": keys.client_secret,
                "issuer": app.web.tokens.issuer(keys.environment),
            })
        };
        line["sandbox"] = printed(&keys.sandbox);
        line["production"] = printed(&keys.production);
    }
    line
}

/// A server whose output nobody reads runs all the same.
fn print_ready(text: &str) {
    if let Err(error) = print::out(text) {
        tracing::warn!(error = format!("{error:#}"), "the ready line was not printed");
    }
}

fn greeting(app: &App, keys: &DevKeys) -> String {
    let DevKeys { sandbox, .. } = keys;
    let url = &app.web.public_url;
    format!(
        "
  Aboard is ready at {url}

  Welcome page   {url}/
  API reference  {docs}
  Account page   {url}/account
  Metrics        {metrics}
  Data           {database}

  Sandbox keys (kept in dev-keys.json beside the data, with those of production)
    partner key      {partner}
    webhook secret   {secret}
    server key       {server}
    app id           {app_id}
    client secret    {client}

  Bring a first user aboard, then open the login_url in a browser:

    curl -sS {url}/api/v1/external_login \\
      -H 'X-PARTNER-API-KEY: {partner}' \\
      -H 'Content-Type: application/json' \\
      -d '{{\"email\":\"user@example.com\",\"partner_user_id\":\"abc123\",\"phone\":\"1234567890\"}}'

    curl -sS {url}/api/v1/embedded_check_user \\
      -H 'X-PARTNER-API-KEY: {partner}' \\
      -H 'Content-Type: application/json' \\
      -d '{{\"partner_user_id\":\"abc123\"}}'

  Stop with Ctrl-C.
",
        docs = app
            .web
            .reference
            .as_ref()
            .map_or_else(|| "off".to_owned(), |_| format!("{url}/docs")),
        metrics = app.metrics_url.as_deref().unwrap_or("off"),
        database = app.web.config.store.shown_url(),
        partner = sandbox.partner_key,
        secret = sandbox.partner_webhook_secret,
        server = sandbox.server_key,
        app_id = sandbox.app_id,
        client = sandbox.client_secret,
    )
}

/// The signals that stop a server, caught from the first moment on.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn prepare() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn run_until(mut self, app: App) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping: running requests are finished first");
        app.stop().await;
        tracing::info!("stopped");
    }
}
