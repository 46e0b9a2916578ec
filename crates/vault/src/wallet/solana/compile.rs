//! From instructions to a message.

use super::{Address, CompiledInstruction, Instruction, Message, ParseError, Priority, message::MOST_BYTES, program};

impl Message {
    /// Makes a legacy message of `instructions`, paid by `payer`.
    ///
    /// An account that comes more than once signs, or may be written, if any mention says so. Within
    /// one kind accounts stand in the order of their first mention, so the same instructions always
    /// give the same bytes.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn compile(payer: Address, instructions: &[Instruction], blockhash: [u8; 32]) -> Result<Self, CompileError> {
        if instructions.is_empty() {
            return Err(CompileError::Empty);
        }
        // Each mention takes a byte at least.
        let mentions: usize = instructions.iter().map(|one| one.accounts.len() + 1).sum();
        if mentions > MOST_BYTES {
            return Err(CompileError::TooLong);
        }
        // Key, signs, may be written.
        let mut accounts: Vec<(Address, bool, bool)> = vec![(payer, true, true)];
        let mut add =
            |key: Address, signer: bool, writable: bool| match accounts.iter_mut().find(|(known, ..)| *known == key) {
                Some((_, known_signer, known_writable)) => {
                    *known_signer |= signer;
                    *known_writable |= writable;
                }
                None => accounts.push((key, signer, writable)),
            };
        for instruction in instructions {
            for account in &instruction.accounts {
                add(account.key, account.signer, account.writable);
            }
            add(instruction.program, false, false);
        }
        // Stable: signers first, and of each the writable first. The payer stays in front.
        accounts.sort_by_key(|(_, signer, writable)| (!signer, !writable));

        let count = |wanted: &dyn Fn(bool, bool) -> bool| {
            let count = accounts.iter().filter(|(_, s, w)| wanted(*s, *w)).count();
            u8::try_from(count).map_err(|_| CompileError::TooLong)
        };
        let place = |key: &Address| {
            let place = accounts.iter().position(|(known, ..)| known == key);
            place
                .and_then(|place| u8::try_from(place).ok())
                .ok_or(CompileError::TooLong)
        };
        let message = Self {
            versioned: false,
            signers: count(&|signer, _| signer)?,
            readonly_signers: count(&|signer, writable| signer && !writable)?,
            readonly_others: count(&|signer, writable| !signer && !writable)?,
            keys: accounts.iter().map(|(key, ..)| *key).collect(),
            blockhash,
            instructions: instructions
                .iter()
                .map(|instruction| {
                    Ok::<_, CompileError>(CompiledInstruction {
                        program: place(&instruction.program)?,
                        accounts: instruction
                            .accounts
                            .iter()
                            .map(|account| place(&account.key))
                            .collect::<Result<_, _>>()?,
                        data: instruction.data.clone(),
                    })
                })
                .collect::<Result<_, _>>()?,
            lookups: Vec::new(),
        };
        let length = 1 + 64 * usize::from(message.signers) + message.to_bytes().len();
        if length > MOST_BYTES {
            return Err(CompileError::TooLong);
        }
        message.check()?;
        Ok(message)
    }

    /// The same, with what is paid for priority in front of the instructions.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn with_priority(
        payer: Address,
        instructions: &[Instruction],
        priority: Option<Priority>,
        blockhash: [u8; 32],
    ) -> Result<Self, CompileError> {
        if instructions.is_empty() {
            return Err(CompileError::Empty);
        }
        let mut all: Vec<Instruction> = priority.map(program::priority).into_iter().flatten().collect();
        all.extend_from_slice(instructions);
        Self::compile(payer, &all, blockhash)
    }
}

/// Why instructions make no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// There are none.
    #[error("a Solana transaction needs `instructions`: give at least one")]
    Empty,
    /// They do not fit a packet of 1232 bytes.
    #[error("the instructions do not fit one Solana transaction (1232 bytes): send fewer")]
    TooLong,
    /// The token's program is neither SPL Token nor Token-2022.
    #[error("this is no token program: give the program that owns the mint")]
    TokenProgram,
    /// The network would refuse the message.
    #[error(transparent)]
    Parse(#[from] ParseError),
}
