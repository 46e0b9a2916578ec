//! How a session or token was born.

/// Authentication method: whose proof a session, code or token was born of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amr {
    /// A partner's login link: reaches only what that partner brought.
    Partner,
    /// A user key: as `Partner`, for the partner that holds the key.
    UserKey,
    /// The organization's own back end.
    Org,
    /// A one-time code the person received.
    Otp,
    /// A passkey of the person.
    Passkey,
    /// Google, Apple or Telegram.
    Federated,
    /// A username and a password.
    Password,
    /// The word of an app's own back end: reaches only what that app brought.
    Custody,
}

impl Amr {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::UserKey => "user_key",
            Self::Org => "org",
            Self::Otp => "otp",
            Self::Passkey => "passkey",
            Self::Federated => "federated",
            Self::Password => "password",
            Self::Custody => "custody",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Partner,
            Self::UserKey,
            Self::Org,
            Self::Otp,
            Self::Passkey,
            Self::Federated,
            Self::Password,
            Self::Custody,
        ]
        .into_iter()
        .find(|amr| amr.as_str() == word)
    }

    /// Whether the person themself gave the proof.
    #[must_use]
    pub const fn is_own_proof(self) -> bool {
        matches!(self, Self::Otp | Self::Passkey | Self::Federated | Self::Password)
    }
}
