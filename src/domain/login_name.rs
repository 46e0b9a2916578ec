//! Names that an app knows its people by, and passwords.

use std::ops::RangeInclusive;

use zeroize::Zeroizing;

use super::{Amr, Invalid};

/// Which of an app's own names somebody logs in by. Each is scoped to the app: the same name at another app is
/// somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginKind {
    /// The app's own id of its user, with nothing behind it but the app's word.
    Custody,
    /// A username with a password (deprecated on the documented surface).
    Username,
    /// The subject of a Google account.
    Google,
    /// The subject of an Apple account.
    Apple,
    /// The id of a Telegram account.
    Telegram,
}

impl LoginKind {
    /// The kind of identity that it is stored as, and the `provider` of tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Custody => "custody",
            Self::Username => "username",
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Telegram => "telegram",
        }
    }

    /// Whose word it is, as identities say it: the app's own for custody, the person's otherwise.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Custody => "app",
            Self::Username | Self::Google | Self::Apple | Self::Telegram => "person",
        }
    }

    /// How what is born of such a log-in says that it was.
    #[must_use]
    pub const fn amr(self) -> Amr {
        match self {
            Self::Custody => Amr::Custody,
            Self::Username => Amr::Password,
            Self::Google | Self::Apple | Self::Telegram => Amr::Federated,
        }
    }

    /// Whether a log-in by it is a proof by somebody else than who claims it: an app's word and a password that the
    /// person chose are none.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Google | Self::Apple | Self::Telegram)
    }
}

/// The name that an app's back end gives to its user (`subId`): 1 to 255 characters, compared as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyId(String);

impl CustodyId {
    /// Reads one.
    ///
    /// # Errors
    /// It is empty or too long, or holds control characters or spaces at its ends.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        if is_plain(&text, 255) {
            return Ok(Self(text));
        }
        Err(Invalid::new(
            "subId must be 1 to 255 characters on one line, without spaces at its ends.",
        ))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A username: 1 to 64 characters. Letters of ASCII are the same in both cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    shown: String,
    key: String,
}

impl Username {
    /// Reads one.
    ///
    /// # Errors
    /// It is empty or too long, or holds control characters or spaces at its ends.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        if is_plain(&text, 64) {
            let key = text.to_ascii_lowercase();
            return Ok(Self { shown: text, key });
        }
        Err(Invalid::new(
            "username must be 1 to 64 characters on one line, without spaces at its ends.",
        ))
    }

    /// As it was given.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What it is looked up by.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn is_plain(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && text.trim() == text && !text.chars().any(char::is_control)
}

/// A password as it was typed. It can be neither printed, serialized nor cloned, and is wiped when dropped.
pub struct Password(Zeroizing<String>);

/// The fewest and the most characters of a password: more costs time and protects nobody.
const CHARACTERS: RangeInclusive<usize> = 8..=256;

impl Password {
    /// A password that somebody types to log in: whatever it is, it is right or wrong.
    #[must_use]
    pub fn typed(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// A password that somebody chooses.
    ///
    /// # Errors
    /// It has fewer than 8 characters or more than 256.
    pub fn chosen(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        if !CHARACTERS.contains(&text.chars().count()) {
            return Err(Invalid::new("password must have 8 to 256 characters."));
        }
        Ok(Self(text))
    }

    /// Whether anybody can have chosen it.
    #[must_use]
    pub fn can_be_right(&self) -> bool {
        self.0.chars().count() <= *CHARACTERS.end()
    }

    /// The text. The name is meant to stand out in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "Ada Lovelace", "ada@example.com", "αδα", &"x".repeat(64)] {
            assert_eq!(Username::parse(good.to_owned()).unwrap().shown(), good);
            assert_eq!(CustodyId::parse(good.to_owned()).unwrap().as_str(), good);
        }
        for bad in ["", " ", " a", "a ", "a\nb", "a\u{7f}"] {
            assert!(Username::parse(bad.to_owned()).is_err(), "{bad:?}");
            assert!(CustodyId::parse(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(Username::parse("x".repeat(65)).is_err());
        assert!(CustodyId::parse("x".repeat(255)).is_ok());
        assert!(CustodyId::parse("x".repeat(256)).is_err());
    }

    #[test]
    fn usernames_are_the_same_in_both_cases_and_custody_ids_are_not() {
        let key = |text: &str| Username::parse(text.to_owned()).unwrap().key().to_owned();
        assert_eq!(key("Ada"), key("aDA"));
        // Letters beyond ASCII have no case that everybody agrees on.
        assert_ne!(key("\u{212a}"), key("k"));
        assert_ne!(
            CustodyId::parse("Ada".to_owned()).unwrap(),
            CustodyId::parse("ada".to_owned()).unwrap()
        );
    }

    #[test]
    fn a_chosen_password_has_a_length_and_a_typed_one_is_right_or_wrong() {
        for (text, good) in [
            ("1234567", false),
            ("12345678", true),
            ("κωδικός1", true),
            (&*"\u{1f511}".repeat(256), true),
            (&*"x".repeat(257), false),
        ] {
            assert_eq!(Password::chosen(text.to_owned()).is_ok(), good, "{}", text.len());
        }
        assert!(Password::typed(String::new()).can_be_right());
        assert!(!Password::typed("x".repeat(1_025)).can_be_right());
    }
}
