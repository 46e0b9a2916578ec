//! `[limits]`

use crate::domain::EnvironmentKind;

/// Requests per minute: of each key, and of each address that calls without one. And registrations.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// In a sandbox.
    pub sandbox_per_minute: u32,
    /// In production.
    pub production_per_minute: u32,
    /// Of an address (IPv4, or an IPv6 network of 64 bits) whose calls bring no valid credential.
    pub anonymous_per_minute: u32,
    /// People whom one network may register with one app in an hour, by username and password; 0 for none.
    pub registrations_per_network_hour: u32,
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
