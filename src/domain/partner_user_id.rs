//! The partner's own name of a user.

use super::Invalid;

/// A partner's id of its user: 1 to 255 characters, opaque, compared byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartnerUserId(String);

impl PartnerUserId {
    /// Reads an id.
    ///
    /// # Errors
    /// The text is empty or longer than 255 characters.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        if text.is_empty() || text.chars().count() > 255 {
            return Err(Invalid::new("Send your own id of the user, 1 to 255 characters."));
        }
        Ok(Self(text))
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
