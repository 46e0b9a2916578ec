//! The configuration: one typed section per file. `aboard.default.toml` holds the defaults and is embedded.

mod codes;
mod environment;
mod keys;
mod limits;
mod log;
mod login;
mod networks;
mod notices;
mod providers;
mod server;
mod store;
mod users;
mod wallets;
mod webhooks;

use std::path::PathBuf;

use figment2::Figment;
use figment2::providers::{Env, Format as _, Serialized, Toml};

pub use codes::Codes;
pub use environment::EnvironmentConfig;
pub use keys::{KeyKind, Keys};
pub use limits::Limits;
pub use log::Log;
pub use login::Login;
pub use networks::{
    Chain, EndpointUrls, Family, MOST_DECIMALS, Network, Networks, PinnedToken, shown as shown_endpoint,
};
pub use notices::Notices;
pub use providers::Providers;
pub use server::Server;
pub use store::Store;
pub use users::{Proof, Users};
pub use wallets::Wallets;
pub use webhooks::Webhooks;

/// The defaults, with their comments.
pub const DEFAULTS: &str = include_str!("../../aboard.default.toml");

/// Everything that can be set.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Addresses, time-outs, sizes.
    pub server: Server,
    /// Where users are kept.
    pub store: Store,
    /// The key-encryption key.
    pub keys: Keys,
    /// Links, codes, sessions.
    pub login: Login,
    /// One-time codes.
    pub codes: Codes,
    /// Where Google and Apple publish what their log-ins are checked with.
    pub providers: Providers,
    /// Requests per minute.
    pub limits: Limits,
    /// Whom an environment tells of what needs a person.
    pub notices: Notices,
    /// What is asked of users.
    pub users: Users,
    /// What wallets may sign.
    pub wallets: Wallets,
    /// The networks that wallets know, by code.
    pub networks: Networks,
    /// Outgoing calls.
    pub webhooks: Webhooks,
    /// What is written to standard error.
    pub log: Log,
}

/// Where a configuration comes from, besides the defaults and the environment.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// Settings of the subcommand itself, which everything else overrides.
    pub base: Vec<(String, String)>,
    /// `--set section.key=value` and the flags that stand for it, in order.
    pub set: Vec<(String, String)>,
}

/// A setting that is wrong: which one, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// Names a setting and says what is wrong with it.
    #[must_use]
    pub fn new(setting: &str, why: &str) -> Self {
        Self(format!("{setting}: {why}"))
    }
}

impl Config {
    /// Reads the defaults, then the file, then `ABOARD_SECTION__KEY` from the environment, then `--set`.
    ///
    /// # Errors
    /// Names the setting, where it was set, and what is wrong.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut figment = Figment::new().merge(Toml::string(DEFAULTS));
        for (name, value) in &sources.base {
            figment = figment.merge(setting("--set", name, value)?);
        }
        if let Some(path) = &sources.file {
            if !path.is_file() {
                return Err(ConfigError::new(
                    "--config",
                    &format!("there is no file {}.", path.display()),
                ));
            }
            figment = figment.merge(Toml::file(path).search(false));
        }
        figment = figment.merge(
            Env::prefixed("ABOARD_")
                .filter(|name| name.as_str().contains("__"))
                .split("__")
                .map(|key| in_hyphens(key.as_str()).into()),
        );
        for (name, value) in &sources.set {
            figment = figment.merge(setting("--set", name, value)?);
        }
        let config: Self = figment.extract().map_err(|error| ConfigError(explain(error)))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        self.store.check()?;
        self.keys.check()?;
        self.login.check()?;
        self.codes.check()?;
        self.providers.check()?;
        self.notices.check()?;
        self.log.check()?;
        self.wallets.check()?;
        self.networks.check()?;
        self.webhooks.check()
    }
}

/// Codes of networks have hyphens, which most shells take in no variable's name: an underscore stands for one.
fn in_hyphens(key: &str) -> String {
    let mut parts: Vec<String> = key.split('.').map(str::to_owned).collect();
    if let [section, code, ..] = parts.as_mut_slice()
        && section.eq_ignore_ascii_case("networks")
    {
        *code = code.replace('_', "-");
    }
    parts.join(".")
}

/// One `--set`, or one of `aboard settings`: the value is read as TOML, and as plain text where it is none.
fn setting(given_by: &str, name: &str, value: &str) -> Result<Serialized<toml::Value>, ConfigError> {
    if !name.contains('.') {
        return Err(ConfigError::new(
            given_by,
            &format!("`{name}` is not a setting; write section.key."),
        ));
    }
    let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    Ok(Serialized::default(name, value))
}

fn explain(error: figment2::Error) -> String {
    use figment2::Source;
    use figment2::error::Kind;
    error
        .into_iter()
        .map(|error| {
            let name = error.path.join(".");
            let metadata = error.metadata.as_ref();
            // A place in our own source is of no use to anybody who writes settings.
            let from = match metadata.map(|metadata| (metadata.source.as_ref(), metadata.name.as_ref())) {
                Some((Some(Source::File(file)), _)) => format!(" (in {})", file.display()),
                Some((_, name)) if name.contains("environment") => " (in the environment)".to_owned(),
                _ => String::new(),
            };
            let what = match &error.kind {
                Kind::UnknownField(_, known) => format!("there is no such setting; there are {}", known.join(", ")),
                kind => kind.to_string(),
            };
            let name = if name.is_empty() { "configuration" } else { &name };
            format!("{name}{from}: {what}.")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let set = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Config::load(&Sources {
            set,
            ..Sources::default()
        })
    }

    #[test]
    fn the_default_file_is_complete() {
        let config = with(&[]).unwrap();
        assert_eq!(config.limits.sandbox_per_minute, 100);
        assert_eq!(config.limits.production_per_minute, 1000);
        let seconds: Vec<_> = config
            .webhooks
            .retry_schedule
            .pauses()
            .iter()
            .map(std::time::Duration::as_secs)
            .collect();
        assert_eq!(seconds, [5, 300, 1800, 7200, 18000, 36000, 36000]);
    }

    #[test]
    fn a_setting_takes_toml_or_plain_text() {
        let config = with(&[
            ("server.listen", "127.0.0.1:9000"),
            ("limits.sandbox_per_minute", "5"),
            ("login.return_urls", r#"["https://app.example.com/back"]"#),
            ("webhooks.retry_schedule", "1s,2m"),
        ])
        .unwrap();
        assert_eq!(config.server.listen.port(), 9000);
        assert_eq!(config.limits.sandbox_per_minute, 5);
        assert_eq!(config.login.return_urls.len(), 1);
        assert_eq!(config.webhooks.retry_schedule.pauses()[1].as_secs(), 120);
        let numbers = with(&[("webhooks.retry_schedule", "[1, 2]")]).unwrap();
        assert_eq!(numbers.webhooks.retry_schedule.pauses().len(), 2);
        let one = with(&[("webhooks.retry_schedule", "1")]).unwrap();
        assert_eq!(one.webhooks.retry_schedule.pauses().len(), 1);
    }

    #[test]
    fn the_environment_names_networks_with_underscores() {
        assert_eq!(
            in_hyphens("NETWORKS.ETHEREUM_SEPOLIA.MAX_FEE_GWEI"),
            "NETWORKS.ETHEREUM-SEPOLIA.MAX_FEE_GWEI"
        );
        assert_eq!(in_hyphens("SERVER.BODY_LIMIT_BYTES"), "SERVER.BODY_LIMIT_BYTES");
    }

    #[test]
    fn errors_name_the_setting() {
        for (name, value, said) in [
            ("server.lisen", "x", "lisen"),
            ("server.listen", "nowhere", "server.listen"),
            ("limits.sandbox_per_minute", "many", "limits.sandbox_per_minute"),
            ("server.public_url", "example.com", "server.public_url"),
            ("server.public_url", "https://example.com/path", "server.public_url"),
            ("login.return_urls", "[\"/back\"]", "login.return_urls"),
            ("webhooks.allow", "[\"10.0.0.0/99\"]", "webhooks.allow"),
            ("providers.google_keys", "certs", "providers.google_keys"),
            ("providers.apple_issuers", "[\"\"]", "providers.apple_issuers"),
            ("webhooks.retry_schedule", "soon", "webhooks.retry_schedule"),
            ("server.request_timeout_seconds", "0", "server.request_timeout_seconds"),
            ("server.connections", "0", "server.connections"),
            ("server.connections_per_address", "0", "server.connections_per_address"),
            ("login.session_days", "4000000000", "login.session_days"),
            ("store.cache_mib", "4294967295", "store.cache_mib"),
            ("webhooks.timeout_seconds", "0", "webhooks"),
            ("listen", "x", "--set"),
        ] {
            let error = with(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(said), "{name}={value}: {error}");
        }
    }
}
