//! `[keys]`

/// The key-encryption key.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The file that `aboard keys init` made.
    pub file: String,
}
