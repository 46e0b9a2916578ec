//! What the chains say: clients of the nodes that the operator wrote down, for every network that has some.
//!
//! Nothing that a node says is trusted without bounds: an answer has a size and a time, it is read strictly, it has to fit
//! what was asked, and what it says of fees stays under the operator's ceiling. A node that is down or that says nonsense
//! is passed over for the next one ([`endpoints`]); a transaction is what its signature says, whatever a node makes of it.

pub mod bitcoin;
pub mod endpoints;
pub mod evm;
pub mod rpc;
pub mod solana;

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::config::{Family, Networks};

pub use endpoints::Endpoints;

/// Why a chain gave no answer. The words may be shown to whoever called: no address of a node is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFailure {
    /// No node answers, and nothing is known of what became of the call.
    #[error("no node answers: {0}")]
    Down(String),
    /// The chain was asked and says no: a call that fails, fees past the ceiling.
    #[error("{0}")]
    Refused(String),
    /// The nodes answer what cannot be.
    #[error("{0}")]
    Lied(String),
}

/// The client of one network.
#[derive(Clone)]
pub enum Chain {
    /// Ethereum and those like it.
    Evm(evm::Client),
    /// Solana.
    Solana(solana::Client),
    /// Bitcoin.
    Bitcoin(bitcoin::Client),
}

/// The clients of all networks that have nodes. Made once, from the configuration.
#[derive(Clone, Default)]
pub struct Chains(BTreeMap<String, Chain>);

impl Chains {
    /// A client for each network with endpoints. Asks nobody yet.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(networks: &Networks, clock: &Clock) -> Result<Self, reqwest::Error> {
        let mut all = BTreeMap::new();
        let mut http = None;
        for (code, network) in networks.iter() {
            if network.endpoints.urls().is_empty() {
                continue;
            }
            let http = match &http {
                Some(http) => http,
                None => http.insert(endpoints::http()?),
            };
            let endpoints = Endpoints::new(code, network, http.clone(), clock.clone());
            let chain = match network.family {
                Family::Evm => Chain::Evm(evm::Client::new(network, endpoints)),
                Family::Solana => Chain::Solana(solana::Client::new(network, endpoints)),
                Family::Bitcoin => Chain::Bitcoin(bitcoin::Client::new(network, endpoints)),
            };
            all.insert(code.to_owned(), chain);
        }
        Ok(Self(all))
    }

    /// The client of a network; `None` where the operator wrote down no node.
    #[must_use]
    pub fn of(&self, code: &str) -> Option<&Chain> {
        self.0.get(code)
    }

    /// All of them, by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Chain)> {
        self.0.iter().map(|(code, chain)| (code.as_str(), chain))
    }

    /// The client of a network of the family `evm`, if it is one with nodes.
    #[must_use]
    pub fn evm(&self, code: &str) -> Option<&evm::Client> {
        match self.of(code) {
            Some(Chain::Evm(client)) => Some(client),
            _ => None,
        }
    }
}
