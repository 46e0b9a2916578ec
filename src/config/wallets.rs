//! `[wallets]`

use aboard_vault::wallet::evm;
use jiff::SignedDuration;

use super::ConfigError;
use crate::domain::NewDevices;

/// What wallets may sign.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wallets {
    /// The networks that are signed for, by code; empty: all of the environment's kind.
    pub networks: Vec<String>,
    /// Whether a bare hash is signed.
    pub sign_hash: bool,
    /// The contracts that an account may be delegated to, as `chain:0xaddress`.
    pub delegates: Vec<String>,
    /// Whether asking for a code tells if the number has a wallet, as the documented answer does.
    pub tell_whether_created: bool,
    /// Whether callers with a client secret have to send an `Idempotency-Key` with what they send.
    pub sends_need_key: bool,
    /// How long a wallet token may stay unused.
    pub token_minutes: u32,
    /// The longest life of a wallet token of version 1.
    pub v1_token_hours: u32,
    /// How long a recovery file can be downloaded.
    pub secret_link_minutes: u32,
    /// How long a person waits for the phrase after proving that they want it.
    pub export_delay_hours: u32,
    /// What happens when somebody who has a wallet logs in on a device that is not known.
    pub new_device: NewDevices,
}

impl Wallets {
    /// Whether these settings let a network be signed for.
    #[must_use]
    pub fn allow_network(&self, code: &str) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|allowed| allowed == code)
    }

    /// Whether an account may be delegated to this contract on this chain.
    #[must_use]
    pub fn allow_delegate(&self, chain: u64, contract: evm::Address) -> bool {
        let allowed = self.delegates.iter().filter_map(|text| delegate(text));
        allowed.into_iter().any(|known| known == (chain, contract))
    }

    /// The life of a wallet token.
    #[must_use]
    pub fn token_life(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.token_minutes))
    }

    /// The longest life of a wallet token of version 1.
    #[must_use]
    pub fn v1_token_life(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.v1_token_hours))
    }

    /// How long a recovery file can be downloaded.
    #[must_use]
    pub fn secret_link_life(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.secret_link_minutes))
    }

    /// How long a person waits for the phrase after proving that they want it.
    #[must_use]
    pub fn export_delay(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.export_delay_hours))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for text in &self.delegates {
            if delegate(text).is_none() {
                let why = format!("`{text}` is no chain id above 0, a colon, and an address with a right checksum.");
                return Err(ConfigError::new("wallets.delegates", &why));
            }
        }
        for (setting, value, most) in [
            ("wallets.token_minutes", self.token_minutes, 24 * 60),
            ("wallets.v1_token_hours", self.v1_token_hours, 24),
            ("wallets.secret_link_minutes", self.secret_link_minutes, 60),
        ] {
            if !(1..=most).contains(&value) {
                return Err(ConfigError::new(setting, &format!("write a number from 1 to {most}.")));
            }
        }
        if self.export_delay_hours > 30 * 24 {
            return Err(ConfigError::new(
                "wallets.export_delay_hours",
                "write a number from 0 to 720.",
            ));
        }
        Ok(())
    }
}

/// Reads `1:0x…`.
fn delegate(text: &str) -> Option<(u64, evm::Address)> {
    let (chain, contract) = text.split_once(':')?;
    let chain = chain.parse().ok().filter(|chain| *chain > 0)?;
    Some((chain, evm::parse_address(contract).ok()?))
}
