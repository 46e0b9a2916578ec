//! The programs whose instructions are made and read here.

use curve25519_dalek::edwards::CompressedEdwardsY;

use super::{AccountMeta, Address, Instruction, Priority};
use crate::sha256;

pub(super) const SYSTEM: Address = Address([0; 32]);

macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {$(
        $(#[$doc])*
        pub(super) fn $name() -> Address {
            static ADDRESS: std::sync::LazyLock<Address> = std::sync::LazyLock::new(|| Address::known($text));
            *ADDRESS
        }
    )+};
}

programs! {
    token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
    token_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
    associated_token = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
    compute_budget = "ComputeBudget111111111111111111111111111111";
    metadata = "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s";
}

impl Address {
    /// Whether this is a program that keeps coins or tokens: System, SPL Token, Token-2022, Associated Token Account.
    #[must_use]
    pub fn holds_money(&self) -> bool {
        [SYSTEM, token(), token_2022(), associated_token()].contains(self)
    }

    /// Whether this is SPL Token, whose accounts all have one size.
    #[must_use]
    pub fn is_first_token_program(&self) -> bool {
        *self == token()
    }

    /// Whether this is the program that sets what is paid for priority, and does nothing else.
    #[must_use]
    pub fn sets_fees(&self) -> bool {
        *self == compute_budget()
    }
}

/// Moves lamports (System program, instruction 2).
#[must_use]
pub fn transfer(from: Address, to: Address, lamports: u64) -> Instruction {
    Instruction {
        program: SYSTEM,
        accounts: vec![AccountMeta::new(from, true, true), AccountMeta::new(to, false, true)],
        data: [&2_u32.to_le_bytes()[..], &lamports.to_le_bytes()].concat(),
    }
}

/// Says what is paid for priority (Compute Budget program, instructions 2 and 3).
pub(super) fn priority(priority: Priority) -> [Instruction; 2] {
    let budget = |data| Instruction {
        program: compute_budget(),
        accounts: Vec::new(),
        data,
    };
    [
        budget([&[2][..], &priority.units.to_le_bytes()].concat()),
        budget([&[3][..], &priority.price.to_le_bytes()].concat()),
    ]
}

/// A transfer of a token to the account that its receiver has for that token, which is made, at the
/// sender's cost, if it does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTransfer {
    /// The token.
    pub mint: Address,
    /// The token's program: the owner of the mint. [`Key`](super::Key) takes SPL Token and
    /// Token-2022 and no other.
    pub program: Address,
    /// The mint's decimals; the chain refuses another number.
    pub decimals: u8,
    /// Who receives.
    pub to: Address,
    /// In the token's smallest unit.
    pub amount: u64,
}

impl TokenTransfer {
    /// What `from` signs: the receiver's account is made if it is not there, and then the tokens move. `None` if the
    /// program is no token program.
    #[must_use]
    pub fn instructions(&self, from: Address) -> Option<[Instruction; 2]> {
        if self.program != token() && self.program != token_2022() {
            return None;
        }
        let source = associated_token_address(&from, &self.mint, &self.program)?;
        let target = associated_token_address(&self.to, &self.mint, &self.program)?;
        let create = Instruction {
            program: associated_token(),
            accounts: vec![
                AccountMeta::new(from, true, true),
                AccountMeta::new(target, false, true),
                AccountMeta::new(self.to, false, false),
                AccountMeta::new(self.mint, false, false),
                AccountMeta::new(SYSTEM, false, false),
                AccountMeta::new(self.program, false, false),
            ],
            // CreateIdempotent: no error if it is there.
            data: vec![1],
        };
        let transfer = Instruction {
            program: self.program,
            accounts: vec![
                AccountMeta::new(source, false, true),
                AccountMeta::new(self.mint, false, false),
                AccountMeta::new(target, false, true),
                AccountMeta::new(from, true, false),
            ],
            // TransferChecked: it names the decimals, so a lie about them moves nothing.
            data: [&[12][..], &self.amount.to_le_bytes(), &[self.decimals]].concat(),
        };
        Some([create, transfer])
    }
}

/// The account that `owner` has for the token `mint` of `program`; `None` if there is none, which has a chance of 2⁻²⁵⁶.
#[must_use]
pub fn associated_token_address(owner: &Address, mint: &Address, program: &Address) -> Option<Address> {
    derived(&[&owner.0, &program.0, &mint.0], &associated_token())
}

/// The address that a program has for these seeds: the first off the curve among the hashes for 255, 254, …
pub(super) fn derived(seeds: &[&[u8]], program: &Address) -> Option<Address> {
    let seeds = seeds.concat();
    (0..=u8::MAX).rev().find_map(|bump| {
        let all = [&seeds[..], &[bump], &program.0, b"ProgramDerivedAddress"];
        let hash = sha256(&all.concat());
        let on_curve = CompressedEdwardsY(hash).decompress().is_some();
        (!on_curve).then_some(Address(hash))
    })
}
