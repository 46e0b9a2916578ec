//! `[networks]`

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use url::Url;

use super::ConfigError;

mod tokens;

pub use tokens::{MOST_DECIMALS, PinnedToken};

/// The networks that wallets know, by code.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Networks(BTreeMap<String, Network>);

/// One network.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
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
    /// What its coin is called, like `ETH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The nodes that are asked, the first that answers first. Empty: the network is signed for and never asked.
    #[serde(default)]
    pub endpoints: EndpointUrls,
    /// How long one node has to answer, in seconds.
    #[serde(default = "eight")]
    pub timeout_seconds: u64,
    /// The blocks, its own counted, after which a transaction is settled. Without it 12, of Bitcoin 6, and 1 on a test
    /// network. Solana says itself when nothing undoes a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmations: Option<u32>,
    /// The family `evm`: the most that a unit of gas may cost, tip and all, whatever a node says. 1 gwei is 10⁹ wei.
    #[serde(default = "thousand")]
    pub max_fee_gwei: u64,
    /// The family `evm`: the highest tip in it.
    #[serde(default = "hundred")]
    pub max_tip_gwei: u64,
    /// Solana: the most that is paid for priority, in millionths of a lamport for a unit of computing.
    #[serde(default = "ten_million")]
    pub max_priority_fee: u64,
    /// Bitcoin: the most that is paid for size, in satoshi for a virtual byte.
    #[serde(default = "thousand")]
    pub max_fee_rate: u64,
    /// What is known of tokens, by their addresses (on Solana: of their mints), and asked of no node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<String, PinnedToken>,
}

const fn eight() -> u64 {
    8
}

const fn hundred() -> u64 {
    100
}

const fn ten_million() -> u64 {
    10_000_000
}

const fn thousand() -> u64 {
    1_000
}

/// Addresses of nodes: a list, or one text with commas between them. They may hold keys, so they are shown without.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum EndpointUrls {
    /// A list.
    List(Vec<String>),
    /// One address, or several with commas.
    One(String),
}

impl Default for EndpointUrls {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl EndpointUrls {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = match self {
            Self::List(texts) => texts.as_slice(),
            Self::One(text) => std::slice::from_ref(text),
        };
        let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        parts.filter(|text| !text.is_empty())
    }

    /// The addresses, each once: written twice, a node is still one. What is none was refused when the configuration was
    /// loaded.
    #[must_use]
    pub fn urls(&self) -> Vec<Url> {
        let mut urls: Vec<Url> = Vec::new();
        for url in self.texts().filter_map(parse) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }

    /// The same without paths, queries and passwords: providers put keys there.
    #[must_use]
    pub fn shown(&self) -> Self {
        Self::List(self.urls().iter().map(shown).collect())
    }
}

/// An address without what may be a key: `https://host:port/***`.
#[must_use]
pub fn shown(url: &Url) -> String {
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), if bare { "" } else { "/***" })
}

fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()).then_some(url)
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

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Evm, Self::Solana, Self::Bitcoin]
            .into_iter()
            .find(|family| family.as_str() == word)
    }

    /// The decimals of its coins: one ether is 10¹⁸ wei.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        match self {
            Self::Evm => 18,
            Self::Solana => 9,
            Self::Bitcoin => 8,
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
    pub fn chain(&self) -> Chain {
        match self.family {
            Family::Evm => Chain::Evm(self.chain_id.unwrap_or_default()),
            Family::Solana => Chain::Solana,
            Family::Bitcoin => Chain::Bitcoin,
        }
    }

    /// What its coin is called.
    #[must_use]
    pub fn symbol(&self) -> &str {
        self.symbol.as_deref().unwrap_or(match self.family {
            Family::Evm => "ETH",
            Family::Solana => "SOL",
            Family::Bitcoin => "BTC",
        })
    }

    /// The blocks, its own counted, after which a transaction is settled.
    #[must_use]
    pub fn confirmations(&self) -> u32 {
        let usual = if self.family == Family::Bitcoin { 6 } else { 12 };
        self.confirmations.unwrap_or(if self.testnet { 1 } else { usual })
    }

    /// How long one node has to answer.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    fn check(&self, setting: &str) -> Result<(), ConfigError> {
        let wrong = |field: &str, why: &str| Err(ConfigError::new(&format!("{setting}.{field}"), why));
        // The address is not repeated: it may hold a key.
        if let Some(at) = self.endpoints.texts().position(|text| parse(text).is_none()) {
            let why = format!("address {} is no http or https URL.", at + 1);
            return wrong("endpoints", &why);
        }
        if !(1..=60).contains(&self.timeout_seconds) {
            return wrong("timeout_seconds", "write seconds from 1 to 60.");
        }
        if self.confirmations.is_some_and(|blocks| !(1..=10_000).contains(&blocks)) {
            return wrong("confirmations", "write blocks from 1 to 10000.");
        }
        if !(1..=1_000_000).contains(&self.max_fee_gwei) || self.max_tip_gwei > self.max_fee_gwei {
            let why = "write gwei from 1 to 1000000, and a max_tip_gwei that is not higher.";
            return wrong("max_fee_gwei", why);
        }
        if self.max_priority_fee > 1_000_000_000 {
            let why = "write millionths of a lamport for a unit of computing, up to 1000000000.";
            return wrong("max_priority_fee", why);
        }
        if !(1..=10_000).contains(&self.max_fee_rate) {
            return wrong("max_fee_rate", "write satoshi for a virtual byte from 1 to 10000.");
        }
        let symbol = self.symbol();
        if symbol.is_empty() || symbol.len() > 16 || !symbol.bytes().all(|byte| byte.is_ascii_graphic()) {
            return wrong("symbol", "write 1 to 16 letters or digits.");
        }
        self.check_tokens(setting)
    }
}

impl Networks {
    /// A network by its code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<(&str, &Network)> {
        let found = self.0.get_key_value(code);
        found.map(|(code, network)| (code.as_str(), network))
    }

    /// A network by its chain id.
    #[must_use]
    pub fn by_chain_id(&self, id: u64) -> Option<(&str, &Network)> {
        let mut all = self.iter();
        all.find(|(_, network)| network.chain_id == Some(id))
    }

    /// All of them, by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Network)> {
        self.0.iter().map(|(code, network)| (code.as_str(), network))
    }

    /// The same with addresses that hold no keys, to be shown.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut all = self.clone();
        for network in all.0.values_mut() {
            network.endpoints = network.endpoints.shown();
        }
        all
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
            network.check(&setting)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
