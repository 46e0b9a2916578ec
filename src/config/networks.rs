//! `[networks]`

use std::collections::{BTreeMap, HashSet};

use super::ConfigError;

/// The networks that wallets know, by code.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Networks(BTreeMap<String, Network>);

/// One network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Which keys sign for it.
    pub family: Family,
    /// Its chain id (EIP-155); for the family `evm`, and needed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_id: Option<u64>,
    /// Whether what it moves is worth nothing: a sandbox serves these, production the others.
    #[serde(default)]
    pub testnet: bool,
}

/// A family of chains: one key, one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Ethereum and those like it.
    Evm,
    /// Solana.
    Solana,
    /// Bitcoin.
    Bitcoin,
}

impl Family {
    /// The word that addresses are listed under.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evm => "evm",
            Self::Solana => "solana",
            Self::Bitcoin => "bitcoin",
        }
    }
}

/// A network that was asked for, with what its family needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// A chain of the family `evm`, by its id.
    Evm(u64),
    /// Solana.
    Solana,
    /// Bitcoin.
    Bitcoin,
}

impl Network {
    /// The chain.
    #[must_use]
    pub fn chain(self) -> Chain {
        match self.family {
            Family::Evm => Chain::Evm(self.chain_id.unwrap_or_default()),
            Family::Solana => Chain::Solana,
            Family::Bitcoin => Chain::Bitcoin,
        }
    }
}

impl Networks {
    /// A network by its code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<(&str, Network)> {
        self.0
            .get_key_value(code)
            .map(|(code, network)| (code.as_str(), *network))
    }

    /// A network by its chain id.
    #[must_use]
    pub fn by_chain_id(&self, id: u64) -> Option<(&str, Network)> {
        let mut all = self.0.iter();
        all.find(|(_, network)| network.chain_id == Some(id))
            .map(|(code, network)| (code.as_str(), *network))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let mut ids = HashSet::new();
        for (code, network) in &self.0 {
            let setting = format!("networks.{code}");
            match (network.family, network.chain_id) {
                (Family::Evm, None | Some(0)) => {
                    return Err(ConfigError::new(
                        &setting,
                        "a network of the family evm needs its chain_id.",
                    ));
                }
                (Family::Solana | Family::Bitcoin, Some(_)) => {
                    return Err(ConfigError::new(&setting, "only the family evm has a chain_id."));
                }
                (Family::Evm, Some(id)) if !ids.insert(id) => {
                    return Err(ConfigError::new(&setting, "another network has this chain_id."));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    #[test]
    fn the_defaults_have_the_documented_codes() {
        let networks = Config::load(&Sources::default()).unwrap().networks;
        for (code, id, testnet) in [
            ("ethereum", 1, false),
            ("binance-smart-chain", 56, false),
            ("skale-europa", 2_046_399_126, false),
            ("ethereum-sepolia", 11_155_111, true),
            ("polygon-pos-amoy-testnet", 80_002, true),
        ] {
            let (_, known) = networks.by_code(code).unwrap();
            assert_eq!((known.chain(), known.testnet), (Chain::Evm(id), testnet), "{code}");
            assert_eq!(networks.by_chain_id(id).unwrap().0, code);
        }
        assert_eq!(networks.by_code("solana").unwrap().1.chain(), Chain::Solana);
        assert!(networks.by_code("tron").is_none());
    }

    #[test]
    fn what_makes_no_network_is_refused_by_name() {
        for (name, value) in [
            ("networks.new", "{ family = \"evm\" }"),
            ("networks.new", "{ family = \"evm\", chain_id = 1 }"),
            ("networks.new", "{ family = \"solana\", chain_id = 7 }"),
            ("networks.new", "{ family = \"tron\" }"),
        ] {
            let sources = Sources {
                set: vec![(name.to_owned(), value.to_owned())],
                ..Sources::default()
            };
            assert!(Config::load(&sources).is_err(), "{name} = {value}");
        }
    }
}
