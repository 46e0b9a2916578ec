//! The rules on transactions of Solana.

use std::collections::BTreeMap;

use aboard_vault::wallet::evm::U256;
use aboard_vault::wallet::solana::{Address, Effect, Summary, associated_token_address};

use super::{Asset, Party, Policy, Refusal, Rule, Spend};

/// What a token account costs whoever makes it, in lamports: its deposit, which the message does not say.
const TOKEN_ACCOUNT: u64 = 2_039_280;

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
                Effect::TokenAccount { payer, .. } => {
                    if payer == own {
                        lamports += u128::from(TOKEN_ACCOUNT);
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

#[cfg(test)]
mod tests {
    use aboard_vault::wallet::solana::{AccountMeta, Address, Instruction, Message};
    use serde_json::json;

    use crate::domain::policy::Action;
    use crate::domain::policy::tests::{allows, refuses};

    #[test]
    fn programs_recipients_and_lamports_of_solana_are_read_from_its_instructions() {
        const SYSTEM: &str = "11111111111111111111111111111111";
        let (own, friend, stranger, other) = (Address([1; 32]), Address([2; 32]), Address([3; 32]), Address([9; 32]));
        let pay = |to: Address| Instruction {
            program: Address([0; 32]),
            accounts: vec![
                AccountMeta {
                    key: own,
                    signer: true,
                    writable: true,
                },
                AccountMeta {
                    key: to,
                    signer: false,
                    writable: true,
                },
            ],
            data: [&2_u32.to_le_bytes()[..], &40_u64.to_le_bytes()].concat(),
        };
        let unread = |program: Address, data: Vec<u8>| Instruction {
            program,
            accounts: vec![AccountMeta {
                key: own,
                signer: true,
                writable: true,
            }],
            data,
        };
        let action = |instructions: &[Instruction]| {
            Action::solana("solana", own, &Message::compile(own, instructions, [7; 32]).unwrap())
        };
        let friends = json!({ "recipients": [friend.to_string()] });
        allows(friends.clone(), &action(&[pay(friend), pay(own)]));
        refuses(friends.clone(), &action(&[pay(friend), pay(stranger)]), "recipients");
        refuses(friends.clone(), &action(&[unread(other, vec![])]), "programs");
        let trusting = json!({ "recipients": [friend.to_string()], "programs": [SYSTEM, other.to_string()] });
        allows(trusting.clone(), &action(&[unread(other, vec![]), pay(friend)]));
        // Assign, say: the program of coins is read or refused.
        refuses(
            trusting,
            &action(&[unread(Address([0; 32]), vec![1, 0, 0, 0])]),
            "programs",
        );
        refuses(
            json!({ "programs": [SYSTEM] }),
            &action(&[unread(other, vec![])]),
            "programs",
        );
        // Two payments and the fee of one signature.
        let limit = |most: u64| json!({ "value": [{ "network": "solana", "per_transaction": most.to_string() }] });
        allows(limit(5_080), &action(&[pay(friend), pay(stranger)]));
        refuses(limit(5_079), &action(&[pay(friend), pay(stranger)]), "value");
    }
}
