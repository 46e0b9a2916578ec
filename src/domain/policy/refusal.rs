//! Which rule refused something, and why.

use std::fmt;

use super::{Asset, Whose};

/// A rule of a policy, by its name in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Which kinds of things are signed.
    Operations,
    /// On which networks.
    Networks,
    /// Who may be paid.
    Recipients,
    /// Which contracts may be called.
    Contracts,
    /// Which of their methods.
    Methods,
    /// Which domains of typed data.
    TypedData,
    /// Which programs of Solana.
    Programs,
    /// Which contracts an account may be delegated to.
    Delegates,
    /// How much.
    Value,
}

impl Rule {
    /// Its name in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Networks => "networks",
            Self::Recipients => "recipients",
            Self::Contracts => "contracts",
            Self::Methods => "methods",
            Self::TypedData => "typed_data",
            Self::Programs => "programs",
            Self::Delegates => "delegates",
            Self::Value => "value",
        }
    }
}

/// What a policy says to something that it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    why: String,
}

impl Refusal {
    pub(super) fn new(rule: Rule, why: impl Into<String>) -> Self {
        Self { rule, why: why.into() }
    }

    /// More than a limit lets through in a time.
    #[must_use]
    pub fn over_in_time(whose: Whose, asset: &Asset, seconds: u32) -> Self {
        let hours = seconds / 3_600;
        let who = match whose {
            Whose::Wallet => "the wallet",
            Whose::App => "the app's wallets together",
        };
        let why = format!(
            "with this {who} would spend more of {asset} than it lets through in {hours} hours. Send less, or wait."
        );
        Self::new(Rule::Value, why)
    }
}

/// One sentence that names the rule.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The app's policy refuses this by its rule `{}`: {}",
            self.rule.as_str(),
            self.why
        )
    }
}
