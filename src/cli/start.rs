//! `aboard dev` and `aboard serve`.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::bail;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::data_directory::{make_directory, make_private};
use super::dev_keys::load_or_create;
use super::only_server::OnlyServer;
use super::print;
use super::ready::{greeting, print_ready, ready_line};
use super::safety::{refusals, warnings};
use super::settings::Settings;
use crate::app::{App, Bound};
use crate::clock::{Clock, Ids, Stopwatch};
use crate::config::{Config, KeyKind};
use crate::domain::Token;
use crate::instance::{Instance, open_store};
use crate::kms::create_key_file;
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
    for directory in [Some(&*data), config.store.file().and_then(Path::parent)] {
        directory.map_or(Ok(()), make_private)?;
    }
    let mut only = OnlyServer::take(&config)?;
    let clock = Clock::System;
    if config.keys.kind == KeyKind::File && Path::new(&config.keys.file) == key_file && !key_file.exists() {
        must_be_new(&config, &key_file).await?;
        create_key_file(&key_file, &Ids::new(clock.clone()))?;
        tracing::info!(file = %key_file.display(), "made a key file of its own; `serve` never does");
    }
    let bound = Bound::bind(&config)?;
    only.listens(&bound.url()?)?;
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
        inbox: Token::new(instance.ids.id(), instance.ids.secret()),
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
    drop(only);
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
    for warning in warnings(&config) {
        tracing::warn!("{warning}");
    }
    let mut only = OnlyServer::take(&config)?;
    let in_flight = InFlight::default();
    let bound = Bound::bind(&config)?;
    only.listens(&bound.url()?)?;
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
    drop(only);
    Ok(())
}

/// A new key file opens nothing that is there: it is made for a new store alone.
async fn must_be_new(config: &Config, key_file: &Path) -> anyhow::Result<()> {
    if config.store.file().is_some_and(|file| !file.exists()) {
        return Ok(());
    }
    let store = open_store(config, InFlight::default(), Clock::System).await?;
    // A database without tables has no instance either.
    let known = store.instance().await.ok().flatten();
    store.close().await;
    let Some(known) = known else { return Ok(()) };
    let (key_file, shown) = (key_file.display(), config.store.shown_url());
    bail!(
        "keys.file: {key_file} is gone, and {shown} was set up with it ({}). Bring the file back, or name it with --set keys.file=FILE: without it nothing that is sealed can be read. If this data may go, delete it, or begin another with --data DIR.",
        known.kek_id
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
