//! What token programs keep on the chain: mints and the accounts of their owners.
//!
//! The layouts are those of the sources of SPL Token and Token-2022; the latter puts extensions behind the account: from
//! byte 165 on one byte that says what it is, then entries of type, length and value.

use super::{Address, program};

const MINT: usize = 82;
const ACCOUNT: usize = 165;
/// A multisig, the third thing that both programs keep, has no byte that says what it is, only this length.
const MULTISIG: usize = 355;
const IS_MINT: u8 = 1;
const IS_ACCOUNT: u8 = 2;

/// Extensions of a mint whose tokens a plain transfer does not move.
const NON_TRANSFERABLE: u16 = 9;
const TRANSFER_HOOK: u16 = 14;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mint {
    /// The program that owns it: SPL Token or Token-2022.
    pub program: Address,
    /// How many digits of an amount stand behind the point.
    pub decimals: u8,
}

/// What somebody has of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAccount {
    /// The token.
    pub mint: Address,
    /// Whose it is.
    pub owner: Address,
    /// How much, in the token's smallest unit.
    pub amount: u64,
    /// Whether the token's issuer has stopped it.
    pub frozen: bool,
}

impl Mint {
    /// Reads the data of an account that `program` owns.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn parse(program: Address, data: &[u8]) -> Result<Self, StateError> {
        let extensions = mint_extensions(program, data)?;
        // Mint authority (4 + 32), supply (8), decimals, initialized, freeze authority (4 + 32).
        let (decimals, initialized) = (data[44], data[45]);
        if initialized != 1 {
            return Err(StateError::Other);
        }
        for extension in Extensions(extensions) {
            match extension.ok_or(StateError::Other)? {
                (NON_TRANSFERABLE, _) => return Err(StateError::Bound),
                // An authority, and the program that is run; nobody's while it is zero.
                (TRANSFER_HOOK, value) => {
                    let program = value.get(32..64).ok_or(StateError::Other)?;
                    if program.iter().any(|byte| *byte != 0) {
                        return Err(StateError::Hook);
                    }
                }
                _ => {}
            }
        }
        Ok(Self { program, decimals })
    }
}

impl TokenAccount {
    /// Reads the data of an account that `program` owns.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn parse(program: Address, data: &[u8]) -> Result<Self, StateError> {
        extensions(program, data, ACCOUNT, IS_ACCOUNT)?;
        let array = |at: usize| data.get(at..at + 32).and_then(|bytes| bytes.try_into().ok());
        let amount = data.get(64..72).and_then(|bytes| bytes.try_into().ok());
        // 0 is uninitialized, 1 initialized, 2 frozen.
        let state = data[108];
        match (array(0), array(32), amount) {
            (Some(mint), Some(owner), Some(amount)) if matches!(state, 1 | 2) => Ok(Self {
                mint: Address(mint),
                owner: Address(owner),
                amount: u64::from_le_bytes(amount),
                frozen: state == 2,
            }),
            _ => Err(StateError::Other),
        }
    }
}

/// The bytes of a mint's extensions.
pub(super) fn mint_extensions(program: Address, data: &[u8]) -> Result<&[u8], StateError> {
    extensions(program, data, MINT, IS_MINT)
}

/// Checks length and kind; answers the bytes of the extensions.
fn extensions(program: Address, data: &[u8], base: usize, kind: u8) -> Result<&[u8], StateError> {
    let newer = program == program::token_2022();
    if !newer && program != program::token() {
        return Err(StateError::Program);
    }
    if data.len() == base {
        return Ok(&[]);
    }
    match data.get(ACCOUNT..).and_then(<[u8]>::split_first) {
        Some((found, rest)) if newer && *found == kind && data.len() != MULTISIG => Ok(rest),
        _ => Err(StateError::Other),
    }
}

/// Type and value of each extension; `None` where one is cut off. Zeros at the end are room that is left.
pub(super) struct Extensions<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Extensions<'a> {
    type Item = Option<(u16, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.0.split_first_chunk::<2>()?;
        let kind = u16::from_le_bytes(*kind);
        if kind == 0 {
            return None;
        }
        self.0 = &[];
        let Some((length, rest)) = rest.split_first_chunk::<2>() else {
            return Some(None);
        };
        let Some((value, rest)) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))) else {
            return Some(None);
        };
        self.0 = rest;
        Some(Some((kind, value)))
    }
}

/// Why an account is no token, or none that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another program owns it.
    #[error("no token program owns this account: give the address of the token's mint")]
    Program,
    /// A token program owns it, and it is something else.
    #[error("this account is not what it should be: give the address of the token's mint")]
    Other,
    /// Its tokens stay where they are.
    #[error("this token cannot be transferred: its mint says so (NonTransferable)")]
    Bound,
    /// Each transfer runs another program, whose accounts nobody here knows.
    #[error(
        "this token runs a program of its own at each transfer (TransferHook): make the transaction with its issuer's tools and use sign-transaction"
    )]
    Hook,
}
