//! `[providers]`

use url::Url;

use super::ConfigError;

/// Where Google and Apple publish what their log-ins are checked with. Which client ids are an app's own is set with
/// `aboard apps providers`.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    /// What Google's id tokens name as their issuer.
    pub google_issuers: Vec<String>,
    /// Google's public keys (RFC 7517).
    pub google_keys: String,
    /// Where Google says whose an access token is.
    pub google_token_info: String,
    /// What Apple's id tokens name as their issuer.
    pub apple_issuers: Vec<String>,
    /// Apple's public keys (RFC 7517).
    pub apple_keys: String,
}

impl Providers {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (setting, text) in [
            ("providers.google_keys", &self.google_keys),
            ("providers.google_token_info", &self.google_token_info),
            ("providers.apple_keys", &self.apple_keys),
        ] {
            let url = Url::parse(text).ok();
            if url.is_none_or(|url| !matches!(url.scheme(), "https" | "http") || url.query().is_some()) {
                let why = format!("`{text}` is no absolute http(s) address without a query.");
                return Err(ConfigError::new(setting, &why));
            }
        }
        for (setting, issuers) in [
            ("providers.google_issuers", &self.google_issuers),
            ("providers.apple_issuers", &self.apple_issuers),
        ] {
            if issuers.iter().any(String::is_empty) {
                return Err(ConfigError::new(
                    setting,
                    "write issuers, like [\"https://accounts.google.com\"].",
                ));
            }
        }
        Ok(())
    }
}
