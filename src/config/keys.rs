//! `[keys]`

use super::ConfigError;

/// The key-encryption key.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// What keeps it.
    pub kind: KeyKind,
    /// The file that `aboard keys init` made.
    pub file: String,
    /// What opens values of before, until `aboard keys rewrap` is through: `transit`, `aws`, or a key file.
    pub others: Vec<String>,
    /// The transit engine's address.
    pub transit_url: String,
    /// The key's name there.
    pub transit_key: String,
    /// The file with a token that may use it.
    pub transit_token_file: String,
    /// The region of AWS.
    pub aws_region: String,
    /// The key's ARN there.
    pub aws_key: String,
    /// Another address than the region's own.
    pub aws_endpoint: String,
    /// A file with the certificate of whoever signs the key service's own; empty: those of the machine.
    pub ca_file: String,
}

/// What keeps the key-encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// A file on this machine.
    File,
    /// The transit engine of Vault or `OpenBao`.
    Transit,
    /// AWS KMS.
    Aws,
}

impl Keys {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (setting, address) in [
            ("keys.transit_url", &self.transit_url),
            ("keys.aws_endpoint", &self.aws_endpoint),
        ] {
            if !address.is_empty() && !is_private_to_the_wire(address) {
                let why = "write an address that begins with https://; http:// is for this machine alone.";
                return Err(ConfigError::new(setting, why));
            }
        }
        Ok(())
    }
}

/// Keys go over this wire.
fn is_private_to_the_wire(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else {
        return false;
    };
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}
