//! How far a user has come.

/// The state of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Somebody brought the user; the person has proven nothing yet.
    Linked,
    /// The person has proven an identity.
    Verified,
    /// Locked out.
    Suspended,
}

impl UserStatus {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Verified => "verified",
            Self::Suspended => "suspended",
        }
    }

    /// Reads a stored word. An erased user is none.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Linked, Self::Verified, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}
