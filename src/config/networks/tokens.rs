//! What an operator writes down of tokens, so that no node has to be believed.

use std::collections::BTreeMap;

use aboard_vault::wallet::{evm, solana};

use super::super::ConfigError;
use super::{Family, Network};

/// More decimals than any token has that people pay with.
pub const MOST_DECIMALS: u8 = 36;

/// What is known of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedToken {
    /// Where the point stands in its amounts: 6 makes 1500000 read 1.5. At most 36.
    pub decimals: u8,
}

impl Network {
    /// The decimals that were written down, by the addresses as `read` reads them.
    #[must_use]
    pub fn pinned_decimals<A: Ord>(&self, read: impl Fn(&str) -> Option<A>) -> BTreeMap<A, u8> {
        let pinned = self.tokens.iter();
        pinned
            .filter_map(|(address, token)| Some((read(address)?, token.decimals)))
            .collect()
    }

    pub(super) fn check_tokens(&self, setting: &str) -> Result<(), ConfigError> {
        let wrong = |address: &str, why: &str| Err(ConfigError::new(&format!("{setting}.tokens.{address}"), why));
        for (address, token) in &self.tokens {
            let known = match self.family {
                Family::Evm => evm::parse_address(address)
                    .map(|_| ())
                    .map_err(|error| error.to_string()),
                Family::Solana => solana::Address::parse(address)
                    .map(|_| ())
                    .map_err(|error| error.to_string()),
                Family::Bitcoin => Err("a network of the family bitcoin has no tokens".to_owned()),
            };
            if let Err(why) = known {
                return wrong(address, &format!("{why}."));
            }
            if token.decimals > MOST_DECIMALS {
                return wrong(address, &format!("write decimals from 0 to {MOST_DECIMALS}."));
            }
        }
        // One address has several spellings on evm.
        let different = match self.family {
            Family::Evm => self.pinned_decimals(|text| evm::parse_address(text).ok()).len(),
            _ => self.tokens.len(),
        };
        if different < self.tokens.len() {
            return Err(ConfigError::new(
                &format!("{setting}.tokens"),
                "a token is written down twice.",
            ));
        }
        Ok(())
    }
}
