//! `[log]`

use super::ConfigError;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is written to standard error, and kept of requests.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or a filter by module.
    pub level: String,
    /// Whether each request gets a line.
    pub access: bool,
    /// Whether each request with a valid credential is kept in the store.
    pub requests: bool,
}

impl Log {
    /// A word alone is a level: the filter would take any other for a module, and be silent about the rest.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_known = |part: &str| {
            let part = part.trim().to_ascii_lowercase();
            part.contains(['=', '[', ':']) || LEVELS.contains(&part.as_str())
        };
        if self.level.split(',').all(is_known) {
            return Ok(());
        }
        Err(ConfigError::new(
            "log.level",
            "write error, warn, info, debug, or a filter like info,aboard::jobs=debug.",
        ))
    }
}
