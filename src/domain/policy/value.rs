//! How much may be spent: at once, and in a time.

use std::fmt;

use aboard_vault::wallet::evm::{Address, U256};
use aboard_vault::wallet::solana;

use super::{Policy, Refusal, Rule};

/// The most that a limit can be, in smallest units: what two columns of 18 digits each can add up without overflow.
pub const MOST_COUNTED: u128 = 10_u128.pow(36) - 1;

/// What is spent: the coin of a network, or a token on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asset(String);

impl Asset {
    pub(super) fn coin(network: &str) -> Self {
        Self(network.to_owned())
    }

    pub(super) fn token(network: &str, contract: Address) -> Self {
        Self(format!("{network}/{contract}"))
    }

    pub(super) fn mint(network: &str, mint: &solana::Address) -> Self {
        Self(format!("{network}/{mint}"))
    }

    pub(super) fn network(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// As it is stored and shown: `ethereum`, `ethereum/0x…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose spending a limit adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// That of one wallet through the app.
    Wallet,
    /// That of all wallets through the app together.
    App,
}

/// A limit of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub asset: Asset,
    /// In the smallest unit.
    pub per_transaction: Option<u128>,
    /// What holds for a time.
    pub windows: Vec<Window>,
}

/// The most that may be spent in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub whose: Whose,
    /// In the smallest unit.
    pub most: u128,
    pub seconds: u32,
}

/// What an action adds to what was spent in a time, and the most that may come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spend {
    /// Whose spending it is added to.
    pub whose: Whose,
    /// Of what.
    pub asset: Asset,
    /// In the smallest unit; no more than `most`.
    pub amount: u128,
    /// In the smallest unit.
    pub most: u128,
    /// The length of the time. One begins with every multiple of it since 1970 (UTC).
    pub seconds: u32,
}

impl Limit {
    /// Whether the amount fits; what is to be counted of it.
    pub fn allow(&self, amount: U256) -> Result<Vec<Spend>, Refusal> {
        let over = |most: u128, when: &str| {
            let why = format!(
                "{amount} of {} is more than the {most} that it lets through {when}.",
                self.asset
            );
            Refusal::new(Rule::Value, why)
        };
        if let Some(most) = self.per_transaction
            && amount > U256::from(most)
        {
            return Err(over(most, "at once"));
        }
        let spend = |window: &Window| -> Result<Spend, Refusal> {
            let (most, seconds) = (window.most, window.seconds);
            let fitting = u128::try_from(amount).ok().filter(|amount| *amount <= most);
            let amount = fitting.ok_or_else(|| over(most, &format!("in {} hours", seconds / 3_600)))?;
            Ok(Spend {
                whose: window.whose,
                asset: self.asset.clone(),
                amount,
                most,
                seconds,
            })
        };
        self.windows.iter().map(spend).collect()
    }
}

impl Policy {
    pub(super) fn limits<'p>(&'p self, asset: &'p Asset) -> impl Iterator<Item = &'p Limit> {
        self.value.iter().filter(move |limit| limit.asset == *asset)
    }

    /// Whether some token of a network has a limit.
    pub(super) fn limits_tokens_of(&self, network: &str) -> bool {
        let of = |asset: &Asset| asset.0.strip_prefix(network).is_some_and(|rest| rest.starts_with('/'));
        self.value.iter().any(|limit| of(&limit.asset))
    }
}
