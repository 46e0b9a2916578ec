//! `[login]`

use jiff::SignedDuration;
use url::Url;

use super::ConfigError;
use crate::domain::Language;

/// Links, codes, sessions.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// How long a login link lives.
    pub link_minutes: u32,
    /// How long a one-time code lives.
    pub code_seconds: u32,
    /// After how many days without use a session ends.
    pub session_idle_days: u32,
    /// After how many days a session ends in any case.
    pub session_days: u32,
    /// Where people may be sent after log-in; the first is the default.
    pub return_urls: Vec<String>,
    /// The region of telephone numbers without a country code; empty for none.
    pub default_region: String,
    /// Whether people of this organization may have accounts for Rampable, and log-ins give tokens for it.
    pub rampable: bool,
    /// Whether people may register and log in with a username and a password, which is deprecated.
    pub passwords: bool,
    /// The language of people whose request names none: `en`, `el`, `ar` or `id`.
    pub language: String,
}

impl Login {
    /// The life of a link.
    #[must_use]
    pub fn link_life(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.link_minutes))
    }

    /// The life of a one-time code.
    #[must_use]
    pub fn code_life(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.code_seconds))
    }

    /// How long a session may stay unused.
    #[must_use]
    pub fn session_idle(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.session_idle_days))
    }

    /// The life of a session.
    #[must_use]
    pub fn session_life(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.session_days))
    }

    /// The default region, if there is one.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        Some(self.default_region.as_str()).filter(|region| !region.is_empty())
    }

    /// The usual language.
    #[must_use]
    pub fn language(&self) -> Language {
        Language::from_tag(&self.language).unwrap_or(Language::English)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: &str| {
            ConfigError::new(
                "login.return_urls",
                &format!("`{text}` is no absolute http(s) address without a fragment."),
            )
        };
        for text in &self.return_urls {
            let url = Url::parse(text).map_err(|_| wrong(text))?;
            if !matches!(url.scheme(), "https" | "http") || url.fragment().is_some() || !url.username().is_empty() {
                return Err(wrong(text));
            }
        }
        if self
            .region()
            .is_some_and(|region| region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            return Err(ConfigError::new(
                "login.default_region",
                "write two capital letters, like GR, or nothing.",
            ));
        }
        if Language::from_tag(&self.language).is_none() {
            return Err(ConfigError::new("login.language", "write en, el, ar or id."));
        }
        for (setting, value, most) in [
            ("login.link_minutes", self.link_minutes, 7 * 24 * 60),
            ("login.code_seconds", self.code_seconds, 3_600),
            ("login.session_idle_days", self.session_idle_days, 3_650),
            ("login.session_days", self.session_days, 3_650),
        ] {
            if !(1..=most).contains(&value) {
                return Err(ConfigError::new(setting, &format!("write a number from 1 to {most}.")));
            }
        }
        Ok(())
    }
}
