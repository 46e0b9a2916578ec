//! `[server]`

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::ConfigError;
use crate::domain::EnvironmentKind;

/// Addresses, time-outs, sizes.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where the server listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The address people and integrators use.
    pub public_url: String,
    /// Other host names that are answered as well.
    pub hosts: Vec<String>,
    /// A host that answers sandbox keys alone; empty for none.
    pub sandbox_host: String,
    /// A host that answers production keys alone; empty for none.
    pub production_host: String,
    /// The networks of the reverse proxies in front of this server, whose `X-Forwarded-For` is believed.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the API's reference is served at `/docs` and `/openapi/`.
    pub docs: bool,
    /// Where `/metrics` is served; empty for nowhere.
    pub metrics_listen: String,
    /// The most connections that are open at once.
    pub connections: usize,
    /// The most of them from one address that is no trusted proxy.
    pub connections_per_address: usize,
    /// How long the headers of a request may take.
    pub header_timeout_seconds: u64,
    /// How long a request may take in all.
    pub request_timeout_seconds: u64,
    /// The largest body.
    pub body_limit_bytes: usize,
    /// How long a stop waits for running requests.
    pub shutdown_seconds: u64,
}

impl Server {
    /// The longest time for headers.
    #[must_use]
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout_seconds)
    }

    /// The longest time for a request.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    /// The host that answers one kind of environment alone, if there is one.
    #[must_use]
    pub fn pinned_host(&self, kind: EnvironmentKind) -> Option<&str> {
        let host = match kind {
            EnvironmentKind::Sandbox => &self.sandbox_host,
            EnvironmentKind::Production => &self.production_host,
        };
        Some(host.as_str()).filter(|host| !host.is_empty())
    }

    /// The metrics address, if there is one.
    ///
    /// # Errors
    /// It is not an address.
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>, ConfigError> {
        if self.metrics_listen.is_empty() {
            return Ok(None);
        }
        let wrong = |_| {
            ConfigError::new(
                "server.metrics_listen",
                "write an address and a port, like 127.0.0.1:9464, or nothing.",
            )
        };
        self.metrics_listen.parse().map(Some).map_err(wrong)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.metrics_address()?;
        self.check_pinned_hosts()?;
        for (setting, seconds) in [
            ("server.header_timeout_seconds", self.header_timeout_seconds),
            ("server.request_timeout_seconds", self.request_timeout_seconds),
        ] {
            if !(1..=3_600).contains(&seconds) {
                return Err(ConfigError::new(setting, "write seconds from 1 to 3600."));
            }
        }
        for (setting, connections) in [
            ("server.connections", self.connections),
            ("server.connections_per_address", self.connections_per_address),
        ] {
            if !(1..=1_000_000).contains(&connections) {
                return Err(ConfigError::new(setting, "write a number from 1 to 1000000."));
            }
        }
        if !(1_024..=64 << 20).contains(&self.body_limit_bytes) {
            return Err(ConfigError::new(
                "server.body_limit_bytes",
                "write bytes from 1024 to 67108864.",
            ));
        }
        if !self.public_url.is_empty() {
            let wrong = || {
                ConfigError::new(
                    "server.public_url",
                    "write scheme and host only, like https://id.example.com.",
                )
            };
            let url = Url::parse(&self.public_url).map_err(|_| wrong())?;
            let bare = matches!(url.scheme(), "https" | "http")
                && url.has_host()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty();
            if !bare {
                return Err(wrong());
            }
        }
        Ok(())
    }

    fn check_pinned_hosts(&self) -> Result<(), ConfigError> {
        for (setting, host) in [
            ("server.sandbox_host", &self.sandbox_host),
            ("server.production_host", &self.production_host),
        ] {
            let bare = |url: Url| url.path() == "/" && url.query().is_none() && url.username().is_empty();
            if !host.is_empty() && !Url::parse(&format!("https://{host}")).is_ok_and(bare) {
                let why = "write a host name, with a port if it is not the usual one, like sandbox-api.example.com.";
                return Err(ConfigError::new(setting, why));
            }
        }
        if !self.sandbox_host.is_empty() && self.sandbox_host.eq_ignore_ascii_case(&self.production_host) {
            let why = "one host cannot answer sandbox keys alone and production keys alone; name two, or neither.";
            return Err(ConfigError::new("server.production_host", why));
        }
        Ok(())
    }
}
