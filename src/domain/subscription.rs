//! What a user's plan can be.

/// The state of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[clap(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Paid for.
    Active,
    /// Not paid yet, and counts as active.
    Trialing,
    /// A payment is missing.
    PastDue,
    /// Ended.
    Canceled,
}

impl SubscriptionStatus {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Trialing, Self::PastDue, Self::Canceled]
            .into_iter()
            .find(|status| status.as_str() == word)
    }

    /// Whether it counts as subscribed until its period ends.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Active | Self::Trialing)
    }
}
