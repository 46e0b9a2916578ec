//! The rules on transactions of the family evm.

use std::fmt::Write as _;

use aboard_vault::wallet::evm::{Address, U256};

use super::action::Call;
use super::calls::{Read, token_call};
use super::{Asset, Policy, Refusal, Rule, Spend};

impl Policy {
    pub(super) fn evm(&self, call: &Call, network: &str) -> Result<Vec<Spend>, Refusal> {
        for (chain, contract) in &call.delegations {
            self.delegation(*chain, *contract)?;
        }
        let mut spends = self.spend(&Asset::coin(network), call.most_cost)?;
        let Some(to) = call.to else {
            if self.recipients.is_some() || self.contracts.is_some() || self.methods.is_some() {
                return Err(Refusal::new(Rule::Contracts, "a new contract is on no list of it."));
            }
            return Ok(spends);
        };
        if call.data.is_empty() {
            self.pays(to)?;
            return Ok(spends);
        }
        if !call.value.is_zero() {
            self.pays(to)?;
        }
        if to == call.own && self.reads_content() {
            let why = "a call of the own account does whatever the contract does that it is delegated to.";
            return Err(Refusal::new(Rule::Delegates, why));
        }
        spends.extend(self.call(to, &call.data, network)?);
        Ok(spends)
    }

    /// A call of a contract.
    fn call(&self, to: Address, data: &[u8], network: &str) -> Result<Vec<Spend>, Refusal> {
        let listed = self.contracts.as_ref().map(|contracts| contracts.contains(&to));
        if listed == Some(false) {
            return Err(Refusal::new(
                Rule::Contracts,
                format!("{to} is not among its contracts."),
            ));
        }
        if let Some(methods) = &self.methods
            && !data.first_chunk().is_some_and(|selector| methods.contains(selector))
        {
            let mut why = "0x".to_owned();
            for byte in data.iter().take(4) {
                // A text takes whatever is written to it.
                let _ = write!(why, "{byte:02x}");
            }
            why.push_str(" is not among its methods.");
            return Err(Refusal::new(Rule::Methods, why));
        }
        let is_recipient = self.recipients.is_some() && self.recipients_have_evm(to);
        let is_named = listed == Some(true) || is_recipient || self.methods.is_some();
        let amount = match token_call(data) {
            Read::Token(token) if !self.recipients_have_evm(token.party) => {
                let why = format!(
                    "{} gets the tokens, or power over them, and is not among its recipients.",
                    token.party
                );
                return Err(Refusal::new(Rule::Recipients, why));
            }
            Read::Token(token) => token.amount,
            Read::Broken if self.reads_content() => {
                let why = "the arguments are not those of its method, and contracts read such in different ways.";
                return Err(Refusal::new(Rule::Methods, why));
            }
            _ if listed != Some(true) && !self.recipients_have_evm(to) => {
                let why =
                    format!("nothing tells whom this call of {to} pays. List the contract in contracts to allow it.");
                return Err(Refusal::new(Rule::Recipients, why));
            }
            _ if self.reads_content() && !is_named => {
                let why = format!(
                    "nothing tells what this call of {to} does. List the contract in contracts, or the method in methods, to allow it."
                );
                return Err(Refusal::new(Rule::Value, why));
            }
            _ => None,
        };
        let token = Asset::token(network, to);
        if self.limits(&token).next().is_none() {
            return Ok(Vec::new());
        }
        if let Some(amount) = amount {
            self.spend(&token, amount)
        } else {
            let why = format!("nothing tells how much of {token} this call moves.");
            Err(Refusal::new(Rule::Value, why))
        }
    }

    /// Coins go to an account, or to a contract that was listed by name.
    fn pays(&self, to: Address) -> Result<(), Refusal> {
        let listed = self.contracts.as_ref().is_some_and(|contracts| contracts.contains(&to));
        if listed || self.recipients_have_evm(to) {
            return Ok(());
        }
        Err(Refusal::new(
            Rule::Recipients,
            format!("{to} is not among its recipients."),
        ))
    }

    /// What is spent of something, against what may be spent of it at once and in a time.
    pub(super) fn spend(&self, asset: &Asset, amount: U256) -> Result<Vec<Spend>, Refusal> {
        let mut spends: Vec<Spend> = Vec::new();
        for limit in self.limits(asset) {
            for spend in limit.allow(amount)? {
                // Two limits for one time are one count, up to the lower of them.
                let same = |known: &&mut Spend| (known.whose, known.seconds) == (spend.whose, spend.seconds);
                match spends.iter_mut().find(same) {
                    Some(known) => known.most = known.most.min(spend.most),
                    None => spends.push(spend),
                }
            }
        }
        Ok(spends)
    }
}
