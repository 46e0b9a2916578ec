//! The rules on transactions of Solana.

use std::collections::BTreeMap;

use aboard_vault::wallet::evm::U256;
use aboard_vault::wallet::solana::{Address, Effect, Summary, associated_token_address};

use super::{Asset, Party, Policy, Refusal, Rule, Spend};

/// What an account for a token costs whoever makes it, in lamports: its deposit, which the message does not say. 165 bytes,
/// and the 128 that the chain adds to each account, at 6,960 a byte.
const TOKEN_ACCOUNT: u64 = 2_039_280;
/// The same of Token-2022, at its highest: beside the 165 bytes one for the kind, and what a new account may need for the
/// extensions of its mint (owner that stays 4, transfer fee 12, hook 5, no transfer 4, pause 4).
const NEWER_TOKEN_ACCOUNT: u64 = (128 + 165 + 1 + 29) * 6_960;

impl Policy {
    pub(super) fn solana(&self, own: &Address, summary: &Summary, network: &str) -> Result<Vec<Spend>, Refusal> {
        if let Some(programs) = &self.programs
            && let Some(stranger) =
                (summary.programs.iter()).find(|program| !program.sets_fees() && !programs.contains(program))
        {
            let why = format!("{stranger} is not among its programs.");
            return Err(Refusal::new(Rule::Programs, why));
        }
        let mut lamports = if summary.payer == *own {
            u128::from(summary.most_fee)
        } else {
            0
        };
        let mut tokens: BTreeMap<Address, u128> = BTreeMap::new();
        for effect in &summary.effects {
            match effect {
                // What others pay is not the wallet's.
                Effect::Transfer { from, .. } if from != own => {}
                Effect::Transfer { to, lamports: more, .. } => {
                    if to != own {
                        self.pays_on_solana(*to)?;
                    }
                    lamports += u128::from(*more);
                }
                Effect::TokenAccount {
                    payer,
                    account,
                    owner,
                    program,
                    ..
                } => {
                    if payer == own {
                        self.pays_deposit(own, *owner, *account)?;
                        lamports += u128::from(deposit(program));
                    }
                }
                Effect::Token {
                    program,
                    target,
                    mint,
                    amount,
                    ..
                } => {
                    self.token_account(*target, *mint, *program)?;
                    match mint {
                        Some(mint) => *tokens.entry(*mint).or_default() += u128::from(*amount),
                        None => self.unnamed_token(network)?,
                    }
                }
                Effect::Budget => {}
                Effect::Other { program } => self.unread(*program, summary, network)?,
                // A kind that a later vault reads says nothing here.
                _ => return Err(Refusal::new(Rule::Programs, "an instruction of it is not understood.")),
            }
        }
        let mut spends = self.spend(&Asset::coin(network), U256::from(lamports))?;
        for (mint, amount) in tokens {
            spends.extend(self.spend(&Asset::mint(network, &mint), U256::from(amount))?);
        }
        Ok(spends)
    }

    fn pays_on_solana(&self, to: Address) -> Result<(), Refusal> {
        if self.recipients_have_solana(to) {
            return Ok(());
        }
        Err(Refusal::new(
            Rule::Recipients,
            format!("{to} is not among its recipients."),
        ))
    }

    /// The deposit of an account goes to its owner, who may close it; what is deposited for the own account stays the wallet's.
    fn pays_deposit(&self, own: &Address, owner: Address, account: Address) -> Result<(), Refusal> {
        if owner == *own || self.recipients_have_solana(owner) || self.recipients_have_solana(account) {
            return Ok(());
        }
        let why = format!(
            "the deposit of the token account {account} goes to its owner in the end, and {owner} is not among its recipients."
        );
        Err(Refusal::new(Rule::Recipients, why))
    }

    /// A token account is a recipient's if it is listed itself, or is the one that a listed account has for the token.
    fn token_account(&self, target: Address, mint: Option<Address>, program: Address) -> Result<(), Refusal> {
        let Some(recipients) = &self.recipients else {
            return Ok(());
        };
        let is_of = |party: &Party| match (party, mint) {
            (Party::Solana(owner), _) if *owner == target => true,
            (Party::Solana(owner), Some(mint)) => associated_token_address(owner, &mint, &program) == Some(target),
            _ => false,
        };
        if recipients.iter().any(is_of) {
            return Ok(());
        }
        let why = format!("the token account {target} is not of one of its recipients, as far as the message tells.");
        Err(Refusal::new(Rule::Recipients, why))
    }

    fn unnamed_token(&self, network: &str) -> Result<(), Refusal> {
        if !self.limits_tokens_of(network) {
            return Ok(());
        }
        let why = "the instruction does not say which token it moves. Use TransferChecked.";
        Err(Refusal::new(Rule::Value, why))
    }

    /// An instruction of which only the program is known: it may pay anybody, so whoever has rules about that has to have
    /// listed the program. The programs that hold coins and tokens are read where they can be, and never trusted as a whole.
    fn unread(&self, program: Address, summary: &Summary, network: &str) -> Result<(), Refusal> {
        let limited = self.limits(&Asset::coin(network)).next().is_some() || self.limits_tokens_of(network);
        if self.recipients.is_none() && !limited {
            return Ok(());
        }
        let listed = self
            .programs
            .as_ref()
            .is_some_and(|programs| programs.contains(&program));
        if listed && !program.holds_money() {
            return Ok(());
        }
        let why = if summary.hidden_accounts {
            format!("some accounts of this call of {program} come from tables, so nothing tells whom it pays.")
        } else if program.holds_money() {
            format!(
                "this instruction of {program} is none that moves coins or tokens from one to another, and nothing tells what it does."
            )
        } else {
            format!(
                "nothing tells whom this call of {program} pays, or how much. List the program in programs to allow it."
            )
        };
        Err(Refusal::new(Rule::Programs, why))
    }
}

fn deposit(program: &Address) -> u64 {
    if program.is_first_token_program() {
        TOKEN_ACCOUNT
    } else {
        NEWER_TOKEN_ACCOUNT
    }
}

#[cfg(test)]
mod tests;
