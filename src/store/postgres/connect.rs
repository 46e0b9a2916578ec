//! How connections are made: settings of a session, TLS.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::oneshot;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Config, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{Result, StoreError};

/// Settings of every session. They bound each wait, and pin what the statements rely on: a plan is kept as long as
/// its connection, so one that was made while a table was small must not read all of it for one row later.
/// `synchronous_commit` stays as the server has it. What the URL's own `options` say comes later and wins.
const SESSION: &str = "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s \
    -c default_transaction_isolation=read\\ committed -c enable_seqscan=off -c jit=off";
const CONNECT: Duration = Duration::from_secs(5);
/// How long sent data or a silent server may go unacknowledged before the connection counts as dead.
const SILENCE: Duration = Duration::from_secs(15);

/// Makes connections. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    config: Arc<Config>,
    tls: Option<MakeRustlsConnect>,
}

/// A connection that a task of its own drives.
pub struct Connected {
    pub client: ClientWrapper,
    /// Resolves when the connection has ended.
    pub gone: oneshot::Receiver<()>,
}

impl Connector {
    pub fn new(url: &str) -> Result<Self> {
        let mut config: Config = url.parse().map_err(|error: Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            StoreError::Setting(format!(
                "store.url: {error}{}. Write postgres://user:password@host:port/database?sslmode=require; sslmode is \
                 disable, prefer or require.",
                cause.map(|cause| format!(" ({cause})")).unwrap_or_default()
            ))
        })?;
        let options = format!("{SESSION} {}", config.get_options().unwrap_or_default());
        config.options(options.trim_end());
        if config.get_application_name().is_none() {
            config.application_name("aboard");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config
            .keepalives_idle(SILENCE)
            .keepalives_interval(SILENCE / 3)
            .keepalives_retries(3);
        // Without `sslmode` the driver would try TLS with any server that offers it, and fail on a certificate
        // that a server on this very machine made for itself.
        let tls = if asks_for_tls(url) && config.get_ssl_mode() != SslMode::Disable {
            Some(tls()?)
        } else {
            None
        };
        Ok(Self {
            config: Arc::new(config),
            tls,
        })
    }

    /// Makes a connection.
    pub async fn connected(&self) -> std::result::Result<Connected, Error> {
        match &self.tls {
            Some(tls) => establish(&self.config, tls.clone()).await,
            None => establish(&self.config, NoTls).await,
        }
    }
}

async fn establish<T>(config: &Config, tls: T) -> std::result::Result<Connected, Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await?;
    let (alive, gone) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let _alive = alive;
        if let Err(error) = connection.await {
            tracing::warn!(%error, "a connection to PostgreSQL was lost");
        }
    });
    Ok(Connected {
        client: ClientWrapper::new(client, task),
        gone,
    })
}

fn asks_for_tls(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.starts_with("sslmode="))
}

fn tls() -> Result<MakeRustlsConnect> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Fault(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // For `sslnegotiation=direct`.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}
