//! What may differ from environment to environment: the same sections as in the file, with what
//! `aboard settings set` put over them.

use figment2::Figment;
use figment2::providers::Serialized;

use super::{Codes, Config, ConfigError, Limits, Login, Notices, Providers, Users, Wallets, explain, setting};

/// In the sections below, but the whole server's.
const OF_NO_ENVIRONMENT: &str = "limits.anonymous_per_minute";

/// The settings of one environment.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentConfig {
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
}

impl From<&Config> for EnvironmentConfig {
    fn from(config: &Config) -> Self {
        Self {
            login: config.login.clone(),
            codes: config.codes.clone(),
            providers: config.providers.clone(),
            limits: config.limits.clone(),
            notices: config.notices.clone(),
            users: config.users.clone(),
            wallets: config.wallets.clone(),
        }
    }
}

impl EnvironmentConfig {
    /// These settings with others put over them, by name and value as `aboard settings set` takes them.
    ///
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn with(&self, changes: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(self));
        for (name, value) in changes {
            if name == OF_NO_ENVIRONMENT {
                let why = "an address belongs to no environment; set it in the configuration file.";
                return Err(ConfigError::new(name, why));
            }
            figment = figment.merge(setting("settings", name, value)?);
        }
        let whole: Self = figment.extract().map_err(|error| ConfigError(explain(error)))?;
        whole.login.check()?;
        whole.codes.check()?;
        whole.providers.check()?;
        whole.notices.check()?;
        whole.wallets.check()?;
        Ok(whole)
    }

    /// Every setting by its name, with its value as JSON.
    #[must_use]
    pub fn named(&self) -> Vec<(String, serde_json::Value)> {
        let whole = serde_json::to_value(self).unwrap_or_default();
        let sections = whole.as_object().into_iter().flatten();
        sections
            .flat_map(|(section, values)| {
                let values = values.as_object().into_iter().flatten();
                let values = values.filter(move |(name, _)| format!("{section}.{name}") != OF_NO_ENVIRONMENT);
                values.map(move |(name, value)| (format!("{section}.{name}"), value.clone()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn changed(name: &str, value: &str) -> Result<EnvironmentConfig, ConfigError> {
        let config = Config::load(&Sources::default()).unwrap();
        EnvironmentConfig::from(&config).with(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn what_is_set_is_put_over_what_the_file_says_and_nothing_else_moves() {
        let set = changed("login.return_urls", r#"["https://app.example.com/in"]"#).unwrap();
        assert_eq!(set.login.return_urls, ["https://app.example.com/in"]);
        assert_eq!(set.login.link_minutes, 10);
        assert_eq!(
            changed("limits.sandbox_per_minute", "5")
                .unwrap()
                .limits
                .sandbox_per_minute,
            5
        );
        assert_eq!(
            changed("users.required_proofs", r#"["email"]"#)
                .unwrap()
                .users
                .required_proofs
                .len(),
            1
        );
    }

    #[test]
    fn what_no_environment_may_set_is_refused_by_name() {
        for (name, value, said) in [
            ("server.listen", "127.0.0.1:1", "server"),
            ("store.url", "sqlite:x", "store"),
            ("login.links", "1", "links"),
            ("login.link_minutes", "0", "login.link_minutes"),
            ("login.return_urls", r#"["javascript:alert(1)"]"#, "login.return_urls"),
            ("users.required_proofs", r#"["shoe_size"]"#, "users.required_proofs"),
            ("notices.email", "nobody", "notices.email"),
            ("limits", "1", "settings"),
            ("limits.anonymous_per_minute", "1", "limits.anonymous_per_minute"),
        ] {
            let error = changed(name, value).unwrap_err().to_string();
            assert!(error.contains(said), "{name}={value}: {error}");
        }
    }
}
