//! `aboard dev` and `aboard serve`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::dev_keys::{DevKeys, load_or_create};
use super::{Settings, print};
use crate::app::{App, Bound};
use crate::clock::{Clock, Ids, Stopwatch};
use crate::config::Config;
use crate::instance::{Instance, create_key_file, is_beside_the_data};
use crate::store::InFlight;
use crate::web::Welcome;

/// Start a server to try things on.
#[derive(Args)]
pub struct Dev {
    #[command(flatten)]
    settings: Settings,
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Keep sandbox webhooks from reaching this machine, as production does
    #[arg(long)]
    strict_webhooks: bool,
}

/// Start the server in production.
#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Accepted for symmetry: the guard is always on here
    #[arg(long, hide = true)]
    strict_webhooks: bool,
}

fn with_listen(mut settings: Settings, listen: Option<SocketAddr>) -> Settings {
    // An explicit port 0 means that any address will do, for the metrics as well.
    if let Some(listen) = listen {
        let metrics_set = settings.set.iter().any(|(name, _)| name == "server.metrics_listen");
        if listen.port() == 0 && !metrics_set {
            settings
                .set
                .insert(0, ("server.metrics_listen".to_owned(), "127.0.0.1:0".to_owned()));
        }
        settings.set.push(("server.listen".to_owned(), listen.to_string()));
    }
    settings
}

/// Runs `aboard dev` until a signal stops it.
pub async fn dev(dev: Dev) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    let data = dev.settings.data.clone().unwrap_or_else(|| PathBuf::from("data"));
    let settings = with_listen(
        Settings {
            data: Some(data.clone()),
            ..dev.settings
        },
        dev.listen,
    );
    let key_file = data.join("dev.key");
    let mut base = vec![("keys.file", key_file.display().to_string())];
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
    let mut keys = load_or_create(&instance, &data.join("dev-keys.json")).await?;
    let welcome = Welcome {
        partner_key: keys.sandbox.partner_key.clone(),
        metrics_url: bound.metrics_url()?,
    };
    let app = App::start(config, instance, in_flight, bound, Some(welcome)).await?;
    for environment in [&mut keys.sandbox, &mut keys.production] {
        environment.issuer = app.web.tokens.issuer(environment.environment);
    }
    tracing::info!(
        url = app.url,
        ready_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or_default(),
        "ready"
    );
    if settings.json {
        print::out(&ready_line(&app, Some(&keys)).to_string())
    } else {
        print::out(&greeting(&app, &keys))
    }
    until_stopped(app).await
}

/// Runs `aboard serve` until a signal stops it.
pub async fn serve(serve: Serve) -> anyhow::Result<()> {
    let settings = with_listen(serve.settings, serve.listen);
    let config = settings.load(&[])?;
    print::start_log(&config)?;
    refuse_unsafe(&config)?;
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
        print::out(&ready_line(&app, None).to_string());
    }
    until_stopped(app).await
}

fn refuse_unsafe(config: &Config) -> anyhow::Result<()> {
    let url = &config.server.public_url;
    if url.is_empty() {
        bail!(
            "server.public_url: `serve` needs the address that people use. Set it, like --set server.public_url=https://id.example.com"
        );
    }
    if config.webhooks.sandbox_loopback {
        bail!(
            "webhooks.sandbox_loopback: `serve` always has the guard on. List the networks that may be reached in webhooks.allow instead."
        );
    }
    if config.keys.file.is_empty() {
        bail!(
            "keys.file: `serve` needs a key file. Make one with `aboard keys init FILE`, keep it apart from the data, and set keys.file."
        );
    }
    if is_beside_the_data(config, Path::new(&config.keys.file)) {
        bail!(
            "keys.file: {} lies in the data directory, so a stolen backup would hold both. Move it elsewhere.",
            config.keys.file
        );
    }
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
        line["sandbox"] = json!(keys.sandbox);
        line["production"] = json!(keys.production);
    }
    line
}

fn greeting(app: &App, keys: &DevKeys) -> String {
    let DevKeys { sandbox, .. } = keys;
    let url = &app.web.public_url;
    format!(
        "
  Aboard is ready at {url}

  Welcome page   {url}/
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
        metrics = app.metrics_url.as_deref().unwrap_or("off"),
        database = app.web.config.store.shown_url(),
        partner = sandbox.partner_key,
        secret = sandbox.partner_webhook_secret,
        server = sandbox.server_key,
        app_id = sandbox.app_id,
        client = sandbox.client_secret,
    )
}

async fn until_stopped(app: App) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: running requests are finished first");
    app.stop().await;
    tracing::info!("stopped");
    Ok(())
}
