//! `[log]`

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
