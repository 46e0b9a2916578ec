//! Whom an app is known to.

/// A company that vouches for people, or that their tokens are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Log-ins with Google; the app is known by its client ids.
    Google,
    /// Log-ins with Apple; the app is known by its client ids.
    Apple,
    /// Log-ins with Telegram; the app is known by its bots, each with a token.
    Telegram,
    /// Ramps; the app is known by a client secret.
    Rampable,
}

impl Provider {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Telegram => "telegram",
            Self::Rampable => "rampable",
        }
    }
}
