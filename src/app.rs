//! The running server: built from a configuration, run until it is told to stop, stopped without a loss.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::ServiceExt as _;
use axum::http::Request;
use axum::response::Response;
use axum_server::Handle;
use hyper::body::Incoming;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinHandle;
use tower_service::Service;

use crate::admin;
use crate::api;
use crate::chains::Chains;
use crate::channels::Channels;
use crate::config::Config;
use crate::http::{AccessLog, AdminSocket, Connections, Patience, RequestLog, metrics_router, recorder, service};
use crate::instance::Instance;
use crate::jobs::messages::MessageWorker;
use crate::jobs::sends::SendWorker;
use crate::jobs::upkeep;
use crate::jobs::webhooks::{WebhookWorker, WorkerOptions};
use crate::outbound::{Guard, Outbound, OutboundOptions};
use crate::store::InFlight;
use crate::tokens::Tokens;
use crate::web::providers::Providers;
use crate::web::reference;
use crate::web::{Bodies, Inner, Limits, Passwords, Running, Waits, Web, Welcome};

/// How long a log-in waits for a provider.
const ASKING: OutboundOptions = OutboundOptions {
    connect_timeout: Duration::from_secs(3),
    timeout: Duration::from_secs(5),
};

/// A server that runs.
pub struct App {
    /// What handlers reach.
    pub web: Web,
    /// Where it answers, as a client writes it.
    pub url: String,
    /// Where its metrics are.
    pub metrics_url: Option<String>,
    handles: Vec<Handle<SocketAddr>>,
    tasks: Vec<JoinHandle<()>>,
    upkeep: JoinHandle<()>,
    /// Delivers webhooks; tests make it work at once.
    pub webhooks: WebhookWorker,
    deliveries: JoinHandle<()>,
    /// Sends one-time codes; tests make it work at once.
    pub messages: MessageWorker,
    sending: JoinHandle<()>,
    /// Follows transactions that were sent; tests make it work at once.
    pub sends: SendWorker,
    following: JoinHandle<()>,
    admin: Option<AdminSocket>,
    log: AccessLog,
    /// Keeps what was asked; tests wait for it.
    pub requests: RequestLog,
}

/// An address that is bound but not served yet, so that port 0 is known before anything is printed.
pub struct Bound {
    listener: TcpListener,
    metrics: Option<TcpListener>,
}

impl Bound {
    /// Binds the server's and the metrics' addresses.
    ///
    /// # Errors
    /// Names the setting and what to do when an address is taken.
    pub fn bind(config: &Config) -> anyhow::Result<Self> {
        let listener = bind("server.listen", "--listen 127.0.0.1:0", config.server.listen)?;
        let metrics = config.server.metrics_address()?;
        let metrics = metrics
            .map(|address| {
                bind(
                    "server.metrics_listen",
                    "--set server.metrics_listen=127.0.0.1:0",
                    address,
                )
            })
            .transpose()?;
        Ok(Self { listener, metrics })
    }

    /// `http://address:port` of the server.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// `http://address:port/metrics`, if metrics are served.
    pub fn metrics_url(&self) -> anyhow::Result<Option<String>> {
        let address = self.metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        Ok(address.map(|address| format!("http://{address}/metrics")))
    }
}

fn bind(setting: &str, way_out: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{setting}: {address} is taken by another program. Stop that one, choose another address, or let the system choose with `{way_out}`."
        ),
        _ => anyhow::anyhow!("{setting}: cannot listen on {address}: {error}."),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl App {
    /// Starts everything: jobs, the metrics' listener, the server. `config.server.public_url` must be set.
    pub async fn start(
        config: Config,
        instance: Instance,
        in_flight: InFlight,
        bound: Bound,
        welcome: Option<Welcome>,
    ) -> anyhow::Result<Self> {
        let (url, metrics_url) = (bound.url()?, bound.metrics_url()?);
        let public_url = config.server.public_url.trim_end_matches('/').to_owned();
        recorder();
        let tokens = Tokens::new(&public_url);
        instance.store.refresh_credentials(instance.clock.now()).await?;
        // A server that was killed may have erased somebody.
        instance.store.start_log_over_in_time();
        admin::ensure_private_keys(&instance).await?;
        tokens.load(&instance).await?;
        let guard = Guard::new(instance.outside.guard.clone());
        let webhooks = worker(&config, &instance, guard.clone())?;
        let messages = message_worker(&config, &instance, guard.clone(), &public_url)?;
        let providers = Providers::new(Outbound::new(guard.clone(), ASKING)?);
        let chains = Chains::new(&config.networks, &instance.clock)?;
        let stop_within = Duration::from_secs(config.server.shutdown_seconds);
        let sends = SendWorker::new(instance.clone(), chains.clone(), stop_within);
        let log = AccessLog::start(config.log.access)?;
        let requests = RequestLog::start(config.log.requests, instance.store.clone());
        let reference = config
            .server
            .docs
            .then(|| api::documents(&reference::servers(&public_url, &config.server)));
        let web = Web::new(Inner {
            instance: instance.clone(),
            public_url,
            tokens,
            limits: Limits::default(),
            bodies: Bodies::new(config.server.body_limit_bytes),
            running: Running::default(),
            passwords: Passwords::default(),
            providers,
            waits: Waits::default(),
            guard,
            chains,
            reference,
            wake_deliveries: {
                let webhooks = webhooks.clone();
                Box::new(move || webhooks.wake())
            },
            wake_messages: {
                let messages = messages.clone();
                Box::new(move || messages.wake())
            },
            welcome,
            config,
        });
        let upkeep = upkeep::start(web.instance.clone(), web.tokens.clone());
        let deliveries = {
            let webhooks = webhooks.clone();
            tokio::spawn(async move { webhooks.serve().await })
        };
        let sending = {
            let messages = messages.clone();
            tokio::spawn(async move { messages.serve().await })
        };
        let following = {
            let sends = sends.clone();
            tokio::spawn(async move { sends.serve().await })
        };
        let mut app = Self {
            web,
            url,
            metrics_url,
            handles: Vec::new(),
            tasks: Vec::new(),
            upkeep,
            webhooks,
            deliveries,
            messages,
            sending,
            sends,
            following,
            admin: None,
            log,
            requests,
        };
        if let Some(listener) = bound.metrics {
            app.serve("metrics", listener, metrics_router(app.web.clone()))?;
        }
        let edge = service(app.web.clone(), in_flight, app.log.clone(), app.requests.clone());
        app.serve("server", bound.listener, edge)?;
        let web = &app.web;
        if let Some(database) = web.config.store.file() {
            app.admin = AdminSocket::start(&web.instance, &web.tokens, database);
        }
        Ok(app)
    }

    /// Each listener has places of its own: whoever fills the server's cannot keep its operator from the metrics.
    fn serve<S>(&mut self, name: &'static str, listener: TcpListener, service: S) -> anyhow::Result<()>
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        let handle = Handle::<SocketAddr>::new();
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(Patience {
                limit: self.web.config.server.request_timeout(),
                connections: Connections::new(name, &self.web.config.server, self.web.instance.clock.clone()),
            })
            // The time limit on headers is HTTP/1's: while the version is still open (no byte yet, or the first ones
            // of an HTTP/2 preface), and in HTTP/2 itself, a caller could hold a connection for ever.
            .http1_only()
            .handle(handle.clone());
        let limits = &self.web.config.server;
        server
            .http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout())
            .max_buf_size(64 << 10);
        self.handles.push(handle);
        let service = service.into_make_service_with_connect_info::<SocketAddr>();
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = server.serve(service).await {
                tracing::error!(%error, "a listener ended");
            }
        }));
        Ok(())
    }

    /// Stops: no new connection, running requests finish, attempts under way are written down, the store closes.
    pub async fn stop(self) {
        let patience = Duration::from_secs(self.web.config.server.shutdown_seconds);
        self.web.instance.store.stop_waiting();
        for handle in &self.handles {
            handle.graceful_shutdown(Some(patience));
        }
        if let Some(admin) = self.admin {
            admin.stop().await;
        }
        for task in self.tasks {
            let _ = task.await;
        }
        self.webhooks.stop();
        self.messages.stop();
        self.sends.stop();
        let _ = self.deliveries.await;
        let _ = self.sending.await;
        let _ = self.following.await;
        self.upkeep.abort();
        self.requests.flush().await;
        self.web.instance.store.close().await;
        self.log.close();
    }
}

pub(crate) fn message_worker(
    config: &Config,
    instance: &Instance,
    guard: Guard,
    public_url: &str,
) -> anyhow::Result<MessageWorker> {
    let outbound = Outbound::new(guard, OutboundOptions::default())?;
    Ok(MessageWorker::new(
        instance.clone(),
        Channels::new(outbound, instance.clock.clone()),
        public_url.to_owned(),
        instance.outside.channel_rules(),
        Duration::from_secs(config.server.shutdown_seconds),
    ))
}

fn worker(config: &Config, instance: &Instance, guard: Guard) -> anyhow::Result<WebhookWorker> {
    let webhooks = &config.webhooks;
    let timeout = Duration::from_secs(webhooks.timeout_seconds);
    let outbound = Outbound::new(
        guard,
        OutboundOptions {
            timeout,
            ..OutboundOptions::default()
        },
    )?;
    let options = WorkerOptions {
        concurrency: webhooks.concurrency,
        concurrency_per_host: webhooks.concurrency_per_host,
        stop_within: Duration::from_secs(config.server.shutdown_seconds),
        ..WorkerOptions::default()
    };
    let Instance {
        store,
        vault,
        clock,
        ids,
        ..
    } = instance.clone();
    Ok(WebhookWorker::new(
        store,
        vault,
        outbound,
        clock,
        ids,
        webhooks.retry_schedule.pauses(),
        options,
    ))
}
