//! Which network a call is about: `network` (its code) or `chainId`, and whether it is served here.

use serde_json::Value;

use super::super::Caller;
use super::ceiling::Ceilings;
use crate::chains;
use crate::config::{Chain, Network};
use crate::domain::{Code, EnvironmentKind, Invalid};
use crate::web::{Failure, Fields, Web};

/// A network that a call asks for and that this environment serves.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its code.
    pub code: String,
    /// What its family needs.
    pub chain: Chain,
    /// What its coin is called.
    pub symbol: String,
    /// The most that fees may cost.
    pub(super) ceilings: Ceilings,
}

impl Asked {
    /// Reads `network` and `chainId`, of which one has to be there; two have to agree.
    pub fn read(web: &Web, caller: &Caller, fields: &mut Fields) -> Result<Self, Failure> {
        let networks = &web.config.networks;
        let invalid = |field: &str, why: String| Failure::field(field, Invalid::new(why));
        let named = match fields.optional_text("network")? {
            None => None,
            Some(code) => Some(networks.by_code(&code).ok_or_else(|| {
                let why = format!(
                    "There is no network with this code. Served here: {}.",
                    served(web, caller).join(", ")
                );
                invalid("network", why).holding(code.clone().into())
            })?),
        };
        let numbered = match fields.optional_value("chainId") {
            None => None,
            Some(value) => Some(
                chain_id(&value)
                    .and_then(|id| networks.by_chain_id(id))
                    .ok_or_else(|| {
                        let why = "chainId must be the number of a network that is known here, as a number or a text.";
                        invalid("chainId", why.to_owned()).holding(value.clone())
                    })?,
            ),
        };
        let (code, network) = match (named, numbered) {
            (Some(named), Some(numbered)) if named != numbered => {
                let why = format!(
                    "network says {} and chainId says {}. Make them agree, or send one.",
                    named.0, numbered.0
                );
                return Err(invalid("chainId", why));
            }
            (Some(known), _) | (None, Some(known)) => known,
            (None, None) => {
                return Err(invalid(
                    "network",
                    "network is required: its code, or its chainId.".to_owned(),
                ));
            }
        };
        serves(caller, code, network)?;
        let settings = web.instance.settings.of(caller.app.scope.environment());
        if !settings.wallets.allow_network(code) {
            let why = format!("The rules here do not let wallets sign for {code}: it is not in `wallets.networks`.");
            return Err(Failure::new(Code::Forbidden).saying(why));
        }
        Ok(Self {
            code: code.to_owned(),
            chain: network.chain(),
            symbol: network.symbol().to_owned(),
            ceilings: Ceilings::of(network),
        })
    }

    /// The client of the network's nodes; 400 where the operator wrote down none.
    pub fn nodes<'a>(&self, web: &'a Web) -> Result<&'a chains::Chain, Failure> {
        web.chains.of(&self.code).ok_or_else(|| {
            let why = format!(
                "This server has no node of {code}, so it can sign for it and nothing else. Whoever runs it has to set `networks.{code}.endpoints`.",
                code = self.code
            );
            Failure::field("network", Invalid::new(why))
        })
    }

    /// The chain id; 400 for a network without one.
    pub fn evm(&self, call: &str) -> Result<u64, Failure> {
        match self.chain {
            Chain::Evm(id) => Ok(id),
            Chain::Solana | Chain::Bitcoin => Err(self.cannot(call)),
        }
    }

    /// What this network's family does not know.
    pub fn cannot(&self, call: &str) -> Failure {
        let why = format!("{} has no {call}: only networks of the family evm have.", self.code);
        Failure::field("network", Invalid::new(why))
    }
}

/// The codes of the networks that wallets of this environment sign for.
fn served<'a>(web: &'a Web, caller: &Caller) -> Vec<&'a str> {
    let scope = &caller.app.scope;
    let settings = web.instance.settings.of(scope.environment());
    let testnet = scope.kind() == EnvironmentKind::Sandbox;
    let networks = web.config.networks.iter();
    networks
        .filter(|(code, network)| network.testnet == testnet && settings.wallets.allow_network(code))
        .map(|(code, _)| code)
        .collect()
}

/// A sandbox has test money alone, and production real money alone.
fn serves(caller: &Caller, code: &str, network: &Network) -> Result<(), Failure> {
    let kind = caller.app.scope.kind();
    if network.testnet == (kind == EnvironmentKind::Sandbox) {
        return Ok(());
    }
    let why = match kind {
        EnvironmentKind::Sandbox => {
            format!(
                "{code} moves real money, and a sandbox serves test networks alone. Use one of those, like ethereum-sepolia."
            )
        }
        EnvironmentKind::Production => format!("{code} is a test network. They are served in the sandbox."),
    };
    Err(Failure::field("network", Invalid::new(why)))
}

/// A chain id as a number, or as a text in decimal or hex.
pub fn chain_id(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        },
        _ => None,
    }
}
