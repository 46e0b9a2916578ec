//! What the keys are for that sign tokens.

/// Who has to be able to check what a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningPurpose {
    /// Everybody: the public half is published.
    Published,
    /// This server alone, for tokens that nobody else has any business with: nothing of the key is published.
    Private,
}

impl SigningPurpose {
    /// The word stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Private => "private",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Published, Self::Private]
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }
}
