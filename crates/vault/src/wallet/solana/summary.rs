//! What a policy has to know of a message.

use super::{Address, CompiledInstruction, Message, program};

/// What the network takes for each signature, in lamports.
const SIGNATURE_FEE: u64 = 5000;
/// What an instruction may use that names no limit.
const DEFAULT_UNITS: u64 = 200_000;
const MOST_UNITS: u64 = 1_400_000;

/// What an instruction does, where this crate knows its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Moves lamports.
    Transfer {
        /// Whose.
        from: Address,
        /// To whom.
        to: Address,
        /// How many.
        lamports: u64,
    },
    /// Moves tokens between two token accounts.
    Token {
        /// The token's program.
        program: Address,
        /// The token account that pays.
        source: Address,
        /// The token account that receives.
        target: Address,
        /// The token, where the instruction names it.
        mint: Option<Address>,
        /// Who allows it.
        authority: Address,
        /// In the token's smallest unit.
        amount: u64,
    },
    /// Makes the account that `owner` has for a token, if it is not there.
    TokenAccount {
        /// Who pays its deposit, which goes to `owner` when the account is closed.
        payer: Address,
        /// The account; the chain refuses any other than [`associated_token_address`](super::associated_token_address).
        account: Address,
        /// Whose it will be.
        owner: Address,
        /// The token.
        mint: Address,
        /// The token's program.
        program: Address,
    },
    /// Sets what is paid for priority.
    Budget,
    /// Anything else: only its program is known.
    Other {
        /// Who does it.
        program: Address,
    },
}

/// What a message does, as far as its bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Who pays the fees.
    pub payer: Address,
    /// The programs that are called, each once, in order.
    pub programs: Vec<Address>,
    /// What each instruction does.
    pub effects: Vec<Effect>,
    /// The most that fees can cost, in lamports.
    pub most_fee: u64,
    /// What it offers for priority, in millionths of a lamport for a unit of computing.
    pub unit_price: u64,
    /// Whether some accounts come from tables: which ones the message does not say.
    pub hidden_accounts: bool,
}

impl Message {
    /// What it does.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut programs: Vec<Address> = Vec::new();
        let mut effects = Vec::new();
        for instruction in &self.instructions {
            // A program is always among the keys of a message that was read or compiled.
            let program = self.key(instruction.program).unwrap_or(Address([0xff; 32]));
            if !programs.contains(&program) {
                programs.push(program);
            }
            let effect = self.effect(program, instruction);
            effects.push(effect.unwrap_or(Effect::Other { program }));
        }
        Summary {
            payer: self.keys.first().copied().unwrap_or(Address([0xff; 32])),
            programs,
            effects,
            most_fee: self.most_fee(),
            unit_price: self.unit_price(),
            hidden_accounts: !self.lookups.is_empty(),
        }
    }

    fn effect(&self, program: Address, instruction: &CompiledInstruction) -> Option<Effect> {
        let data = instruction.data.as_slice();
        let account = |i: usize| instruction.accounts.get(i).and_then(|place| self.key(*place));
        if program == program::SYSTEM {
            // Transfer is 2; CreateAccount, 0, moves lamports too.
            let (kind, rest) = data.split_first_chunk::<4>()?;
            let exact = match u32::from_le_bytes(*kind) {
                2 => rest.len() == 8,
                0 => rest.len() == 48,
                _ => false,
            };
            return exact.then_some(Effect::Transfer {
                from: account(0)?,
                to: account(1)?,
                lamports: number(rest)?,
            });
        }
        if program == program::token() || program == program::token_2022() {
            let (kind, rest) = data.split_first()?;
            let (mint, target, authority) = match (*kind, rest.len()) {
                (3, 8) => (None, 1, 2),
                (12, 9) => (Some(account(1)?), 2, 3),
                _ => return None,
            };
            return Some(Effect::Token {
                program,
                source: account(0)?,
                target: account(target)?,
                mint,
                authority: account(authority)?,
                amount: number(rest)?,
            });
        }
        if program == program::associated_token() {
            return matches!(data, [] | [0 | 1]).then_some(Effect::TokenAccount {
                payer: account(0)?,
                account: account(1)?,
                owner: account(2)?,
                mint: account(3)?,
                program: account(5)?,
            });
        }
        (program == program::compute_budget()).then_some(Effect::Budget)
    }

    /// 5000 lamports a signature, and the price of a unit for all units it may use, rounded up.
    fn most_fee(&self) -> u64 {
        let units = self
            .budget(2)
            .and_then(|rest| rest.first_chunk::<4>().map(|b| u64::from(u32::from_le_bytes(*b))))
            .unwrap_or_else(|| DEFAULT_UNITS.saturating_mul(self.instructions.len() as u64))
            .min(MOST_UNITS);
        let priority = (u128::from(self.unit_price()) * u128::from(units)).div_ceil(1_000_000);
        SIGNATURE_FEE
            .saturating_mul(u64::from(self.signers))
            .saturating_add(u64::try_from(priority).unwrap_or(u64::MAX))
    }

    fn unit_price(&self) -> u64 {
        self.budget(3).and_then(number).unwrap_or(0)
    }

    /// What the first instruction of this kind says to the program that sets fees. The network takes no message with two.
    fn budget(&self, kind: u8) -> Option<&[u8]> {
        let mut all = self
            .instructions
            .iter()
            .filter(|instruction| self.key(instruction.program) == Some(program::compute_budget()));
        all.find_map(|instruction| instruction.data.strip_prefix(&[kind]))
    }
}

/// The first 8 bytes, little-endian.
fn number(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
