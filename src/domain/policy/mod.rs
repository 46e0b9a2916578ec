//! What an app may have wallets sign: its policy.
//!
//! A policy decides on what was parsed, never on what a call says of itself, and only ever takes away from what the
//! environment's settings allow. Each rule that is there has to let an action through; a rule that is not there says
//! nothing. Where rules are about content (who is paid, how much, which contract), whatever they cannot read is refused
//! until it is listed by name: a bare hash, a call of an unknown method, a program that nobody listed.

mod action;
mod calls;
mod evm;
mod read;
mod refusal;
mod solana;
mod value;

#[cfg(test)]
mod tests;

use aboard_vault::wallet::{bitcoin, evm as eth, solana as sol};

pub use action::{Action, Operation};
pub use refusal::{Refusal, Rule};
pub use value::{Asset, MOST_COUNTED, Spend, Whose};

use action::{Deed, Paid};
use value::Limit;

/// What an app may have wallets sign. The default is no rule at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether there is one.
    is_there: bool,
    operations: Option<Vec<Operation>>,
    networks: Option<Vec<String>>,
    recipients: Option<Vec<Party>>,
    contracts: Option<Vec<eth::Address>>,
    methods: Option<Vec<[u8; 4]>>,
    typed_data: Option<Vec<DomainRule>>,
    programs: Option<Vec<sol::Address>>,
    delegates: Option<Vec<(u64, eth::Address)>>,
    value: Vec<Limit>,
}

/// Somebody who may be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Party {
    Evm(eth::Address),
    Solana(sol::Address),
    Bitcoin(bitcoin::Recipient),
}

/// A domain of typed data (EIP-712) that may be signed for: every field that is there has to be the document's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DomainRule {
    name: Option<String>,
    version: Option<String>,
    chain_id: Option<u64>,
    verifying_contract: Option<eth::Address>,
}

impl Policy {
    /// Whether an action is let through, and what it counts towards limits that hold for a time.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn decide(&self, action: &Action) -> Result<Vec<Spend>, Refusal> {
        self.operation(action)?;
        if let Some(networks) = &self.networks
            && !networks.contains(&action.network)
        {
            let why = format!("{} is not among its networks.", action.network);
            return Err(Refusal::new(Rule::Networks, why));
        }
        match &action.deed {
            Deed::Message => Ok(Vec::new()),
            Deed::Hash => self.hash(),
            Deed::TypedData(domain) => self.typed_data(domain, &action.network),
            Deed::Authorization((chain_id, contract)) => self.delegation(*chain_id, *contract),
            Deed::Evm(call) => self.evm(call, &action.network),
            Deed::Solana { own, summary } => self.solana(own, summary, &action.network),
            Deed::Bitcoin {
                paid,
                cost,
                values_proven,
            } => self.bitcoin(paid, *cost, *values_proven, &action.network),
        }
    }

    fn operation(&self, action: &Action) -> Result<(), Refusal> {
        let operation = action.operation();
        let allowed = match &self.operations {
            Some(operations) => operations.contains(&operation),
            None => !self.is_there || operation != Operation::Hash,
        };
        if allowed {
            return Ok(());
        }
        let why = format!("`{}` is not among its operations.", operation.as_str());
        Err(Refusal::new(Rule::Operations, why))
    }

    /// Whether some rule is about what an action does, and not only about its kind and place.
    fn reads_content(&self) -> bool {
        self.recipients.is_some() || self.contracts.is_some() || self.methods.is_some() || !self.value.is_empty()
    }

    fn hash(&self) -> Result<Vec<Spend>, Refusal> {
        if self.reads_content() || self.typed_data.is_some() || self.programs.is_some() || self.delegates.is_some() {
            let why = "a bare hash would pass all the other rules: nothing tells what it stands for.";
            return Err(Refusal::new(Rule::Operations, why));
        }
        Ok(Vec::new())
    }

    fn delegation(&self, chain_id: u64, contract: eth::Address) -> Result<Vec<Spend>, Refusal> {
        let allowed = match &self.delegates {
            Some(delegates) => delegates.contains(&(chain_id, contract)),
            None => !self.reads_content(),
        };
        if allowed {
            return Ok(Vec::new());
        }
        let why = format!(
            "a contract that an account is delegated to can do whatever the account can, and {chain_id}:{contract} is not among its delegates."
        );
        Err(Refusal::new(Rule::Delegates, why))
    }

    fn typed_data(&self, domain: &eth::Domain, network: &str) -> Result<Vec<Spend>, Refusal> {
        if let Some(domains) = &self.typed_data {
            if domains.iter().any(|rule| rule.fits(domain)) {
                return Ok(Vec::new());
            }
            let why = "the document's domain is not among those of its typed_data.";
            return Err(Refusal::new(Rule::TypedData, why));
        }
        // A permit moves tokens without a transaction, and every contract may read its own documents as one.
        if self.reads_content() && domain.verifying_contract.is_some() {
            let why = format!(
                "its other rules cannot read what a contract on {network} makes of the document. List the domain in typed_data to allow it."
            );
            return Err(Refusal::new(Rule::TypedData, why));
        }
        Ok(Vec::new())
    }

    fn bitcoin(&self, paid: &[Paid], cost: u64, proven: bool, network: &str) -> Result<Vec<Spend>, Refusal> {
        if let Some(recipients) = &self.recipients {
            // An output that is worth nothing pays nobody: a note.
            let stranger = paid.iter().find(|paid| {
                paid.value > 0
                    && !recipients
                        .iter()
                        .any(|party| matches!(party, Party::Bitcoin(to) if *to == paid.to))
            });
            if let Some(stranger) = stranger {
                let why = format!("{} is not among its recipients.", stranger.shown);
                return Err(Refusal::new(Rule::Recipients, why));
            }
        }
        let coin = Asset::coin(network);
        if self.limits(&coin).next().is_some() && !proven {
            let why = "the PSBT does not prove what its inputs are worth, so the fee may be any. Add the transactions that they come from.";
            return Err(Refusal::new(Rule::Value, why));
        }
        self.spend(&coin, eth::U256::from(cost))
    }

    fn recipients_have_evm(&self, party: eth::Address) -> bool {
        let known = |recipients: &Vec<Party>| recipients.contains(&Party::Evm(party));
        self.recipients.as_ref().is_none_or(known)
    }

    fn recipients_have_solana(&self, party: sol::Address) -> bool {
        let known = |recipients: &Vec<Party>| recipients.contains(&Party::Solana(party));
        self.recipients.as_ref().is_none_or(known)
    }
}

impl DomainRule {
    fn fits(&self, domain: &eth::Domain) -> bool {
        let chain = self.chain_id.map(eth::U256::from);
        self.name.as_ref().is_none_or(|name| domain.name.as_ref() == Some(name))
            && self
                .version
                .as_ref()
                .is_none_or(|version| domain.version.as_ref() == Some(version))
            && chain.is_none_or(|chain| domain.chain_id == Some(chain))
            && self
                .verifying_contract
                .is_none_or(|contract| domain.verifying_contract == Some(contract))
    }
}
