//! `[notices]`

use super::ConfigError;
use crate::domain::Email;

/// Whom an environment tells of what needs a person.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// The address that is told when a webhook was switched off; empty: nobody.
    pub email: String,
}

impl Notices {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.email.is_empty() || Email::parse(&self.email).is_ok() {
            return Ok(());
        }
        Err(ConfigError::new(
            "notices.email",
            "write an e-mail address, or nothing.",
        ))
    }
}
