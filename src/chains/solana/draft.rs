//! What has to be known of the chain before a transfer can be signed.

use aboard_vault::wallet::solana::{
    Address, CompileError, Instruction, Message, Priority, TokenTransfer, Transaction, associated_token_address,
    transfer,
};

use super::super::ChainFailure;
use super::{Blockhash, Client};

/// What one signature costs, in lamports.
const SIGNATURE_FEE: u64 = 5_000;
/// A transfer and its two notes about fees take 450 units of computing.
const COIN_UNITS: u32 = 1_000;
/// A transfer of a token to an account that has to be made takes some 40,000; Token-2022 more.
const TOKEN_UNITS: u32 = 120_000;
/// What the network gives one instruction that names no limit.
const OTHER_UNITS: u32 = 200_000;
/// The most that it gives a transaction.
const MOST_UNITS: u32 = 1_400_000;

/// A transaction that can be signed: good until its blockhash expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is done.
    pub instructions: Vec<Instruction>,
    /// What is paid to be taken earlier.
    pub priority: Option<Priority>,
    /// The block that it names, and its end.
    pub blockhash: Blockhash,
}

/// Why a transfer is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The chain was not there, or said what cannot be.
    #[error(transparent)]
    Chain(#[from] ChainFailure),
    /// The lamports are not enough.
    #[error("the wallet has {have} lamports, and amount and fee are {need}: send less")]
    Lamports {
        /// What there is.
        have: u64,
        /// Amount and fee.
        need: u64,
    },
    /// The tokens are not enough.
    #[error(
        "the wallet has {have} of the token's smallest unit in its own account, and {need} are to be sent: send less"
    )]
    Tokens {
        /// What there is.
        have: u64,
        /// What is to be sent.
        need: u64,
    },
    /// The token's issuer has stopped the wallet's account.
    #[error("the token's issuer has frozen the wallet's account: only the issuer can thaw it")]
    Frozen,
    /// The receiver is the account of a token, or a token.
    #[error(
        "this address is an account of a token and nobody's wallet, and what goes there is lost: give its owner's address"
    )]
    NoWallet,
    /// More than the operator lets be paid for priority.
    #[error(
        "priorityFee is more than this server pays: at most {most} millionths of a lamport for a unit of computing"
    )]
    Price {
        /// The most.
        most: u64,
    },
    /// The instructions make no transaction.
    #[error(transparent)]
    Instructions(#[from] CompileError),
}

impl Unsendable {
    /// The field of the call that it is about; `None` for the chain's own failures.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Chain(_) => None,
            Self::Lamports { .. } | Self::Tokens { .. } => Some("amount"),
            Self::Frozen | Self::Instructions(CompileError::TokenProgram) => Some("tokenAddress"),
            Self::NoWallet => Some("to"),
            Self::Price { .. } => Some("priorityFee"),
            Self::Instructions(_) => Some("transaction.instructions"),
        }
    }
}

impl Draft {
    /// What `payer` would sign.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn message(&self, payer: Address) -> Result<Message, CompileError> {
        Message::with_priority(payer, &self.instructions, self.priority, self.blockhash.hash)
    }
}

impl Client {
    /// Drafts a transfer of lamports. `price` is what the caller wants to pay for priority.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub async fn draft_coin(
        &self,
        from: Address,
        to: Address,
        lamports: u64,
        price: Option<u64>,
    ) -> Result<Draft, Unsendable> {
        let written = [from, to];
        let (priority, blockhash, have, ()) = tokio::try_join!(
            self.priority(price, COIN_UNITS, &written),
            self.blockhash(),
            async { self.balance(from).await.map_err(Unsendable::from) },
            self.must_be_a_wallet(to),
        )?;
        let need = lamports.saturating_add(fee_of(priority));
        if have < need {
            return Err(Unsendable::Lamports { have, need });
        }
        Ok(Draft {
            instructions: vec![transfer(from, to, lamports)],
            priority: Some(priority),
            blockhash,
        })
    }

    /// Drafts a transfer of a token. What making an account for the receiver costs is left to the chain to say.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub async fn draft_token(
        &self,
        from: Address,
        transfer: TokenTransfer,
        price: Option<u64>,
    ) -> Result<Draft, Unsendable> {
        let (mint, program) = (transfer.mint, transfer.program);
        let instructions = transfer.instructions(from).ok_or(CompileError::TokenProgram)?;
        let account = |owner| associated_token_address(owner, &mint, &program);
        let source = account(&from);
        let written: Vec<Address> = source.into_iter().chain(account(&transfer.to)).collect();
        let (priority, blockhash, holdings, ()) = tokio::try_join!(
            self.priority(price, TOKEN_UNITS, &written),
            self.blockhash(),
            async { self.holdings(from, mint, program).await.map_err(Unsendable::from) },
            self.must_be_a_wallet(transfer.to),
        )?;
        let own = holdings.iter().find(|holding| Some(holding.at) == source);
        let have = own.map_or(0, |holding| holding.account.amount);
        if own.is_some_and(|holding| holding.account.frozen) {
            return Err(Unsendable::Frozen);
        }
        if have < transfer.amount {
            let need = transfer.amount;
            return Err(Unsendable::Tokens { have, need });
        }
        Ok(Draft {
            instructions: instructions.to_vec(),
            priority: Some(priority),
            blockhash,
        })
    }

    /// Drafts a transaction of the caller's own instructions. Without a price of the caller's nothing is added to them,
    /// because they may set their own.
    ///
    /// # Errors
    /// [`Unsendable`].
    pub async fn draft_instructions(
        &self,
        instructions: Vec<Instruction>,
        price: Option<u64>,
    ) -> Result<Draft, Unsendable> {
        let count = u32::try_from(instructions.len()).unwrap_or(u32::MAX);
        let units = OTHER_UNITS.saturating_mul(count).min(MOST_UNITS);
        let priority = match price {
            None => None,
            given => Some(self.priority(given, units, &[]).await?),
        };
        Ok(Draft {
            instructions,
            priority,
            blockhash: self.blockhash().await?,
        })
    }

    /// Runs what was drafted, unsigned; what the chain says against it, if anything.
    ///
    /// # Errors
    /// [`ChainFailure`].
    pub async fn try_out(&self, message: &Message) -> Result<Option<String>, ChainFailure> {
        let unsigned = Transaction::unsigned(message.clone()).to_bytes();
        Ok(self.simulate(&unsigned).await?.err())
    }

    async fn blockhash(&self) -> Result<Blockhash, Unsendable> {
        Ok(self.latest_blockhash().await?)
    }

    async fn priority(&self, given: Option<u64>, units: u32, written: &[Address]) -> Result<Priority, Unsendable> {
        let most = self.bounds().most_price;
        let price = match given {
            Some(price) if price > most => return Err(Unsendable::Price { most }),
            Some(price) => price,
            None => self.recent_price(written).await?,
        };
        Ok(Priority { price, units })
    }

    /// Refuses to send to what a token program owns: it is a token, or somebody's account for one.
    async fn must_be_a_wallet(&self, to: Address) -> Result<(), Unsendable> {
        let found = self.account(to).await?;
        match found {
            Some(account) if account.owner.is_token_program() => Err(Unsendable::NoWallet),
            _ => Ok(()),
        }
    }
}

/// What a transaction of one signature costs at most.
fn fee_of(priority: Priority) -> u64 {
    let paid = (u128::from(priority.price) * u128::from(priority.units)).div_ceil(1_000_000);
    SIGNATURE_FEE.saturating_add(u64::try_from(paid).unwrap_or(u64::MAX))
}
