//! `[limits]`

use crate::domain::EnvironmentKind;

/// Requests per minute and key.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// In a sandbox.
    pub sandbox_per_minute: u32,
    /// In production.
    pub production_per_minute: u32,
}

impl Limits {
    /// The limit of an environment's keys.
    #[must_use]
    pub fn per_minute(&self, kind: EnvironmentKind) -> u32 {
        match kind {
            EnvironmentKind::Sandbox => self.sandbox_per_minute,
            EnvironmentKind::Production => self.production_per_minute,
        }
    }
}
