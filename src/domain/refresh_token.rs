//! Refresh tokens: `abr_` and the text of an opaque token.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Token;

/// What its text starts with, so that a secret scanner finds it.
const PREFIX: &str = "abr_";
/// How long one may stay unused.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a log-in goes on, however often it is refreshed.
const FAMILY_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long a caller that lost the answer may ask again with the spent token.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// A token that is worth one more token, once.
#[derive(Clone)]
pub struct RefreshToken(Token);

impl RefreshToken {
    /// Makes the token of a row from fresh random bytes.
    #[must_use]
    pub fn new(id: Uuid, secret: [u8; 32]) -> Self {
        Self(Token::new(id, secret))
    }

    /// Reads one that somebody presents; `None` for anything that we cannot have made.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Token::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// The id of its row.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.id()
    }

    /// What is stored and compared.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.0.hash()
    }

    /// Whether a stored hash is this token's, in constant time.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.matches(stored)
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", self.0.expose())
    }

    /// When a family that begins now ends.
    #[must_use]
    pub fn family_end(now: Timestamp) -> Timestamp {
        now.saturating_add(FAMILY_LIFE).unwrap_or(Timestamp::MAX)
    }

    /// When a token that is made now ends: no later than its family.
    #[must_use]
    pub fn end(now: Timestamp, family_end: Timestamp) -> Timestamp {
        now.saturating_add(LIFE).unwrap_or(Timestamp::MAX).min(family_end)
    }

    /// Whether a token that was spent then may be presented once more now, because the answer may have been lost.
    #[must_use]
    pub fn may_be_asked_again(spent_at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(spent_at) <= PATIENCE
    }

    /// Until when a token that is spent now may be presented once more, and the very moment after it.
    #[must_use]
    pub fn asked_again_until(now: Timestamp) -> Timestamp {
        now.saturating_add(PATIENCE + SignedDuration::from_micros(1))
            .unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let made = RefreshToken::new(Uuid::from_u128(7), [9; 32]);
        let read = RefreshToken::parse(&made.text()).unwrap();
        assert_eq!(read.id(), made.id());
        assert!(read.matches(&made.hash()));
        for wrong in ["", "abr_", &made.text()[4..], &format!("{}x", made.text())] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn no_token_outlives_its_family() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let day = SignedDuration::from_hours(24);
        let end = RefreshToken::family_end(now);
        assert_eq!(end, now + day * 90);
        assert_eq!(RefreshToken::end(now, end), now + day * 7);
        assert_eq!(RefreshToken::end(now + day * 85, end), end);
    }
}
