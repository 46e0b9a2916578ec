//! What is sent, and what came of it.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{SendFailure, text};
use crate::domain::{Destination, Invalid, Language, Notice, OneTimeCode, Purpose};
use crate::words::Words;

/// The most characters of an app's name in a message.
const LONGEST_NAME: usize = 40;
/// The most characters of a reference: with its frame it fits into every provider's field.
const LONGEST_REFERENCE: usize = 64;

/// Our own name of one queued message, the same over all of its attempts and channels. It goes to the provider, comes
/// back in status reports, and tells a receiver that two attempts are one message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference(String);

impl Reference {
    /// Reads 1 to 64 ASCII letters, digits, `_` and `-`, such as a printed id.
    ///
    /// # Errors
    /// Says which rule it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=LONGEST_REFERENCE).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "A reference has 1 to 64 ASCII letters, digits, hyphens and underscores.",
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an app as a message shows it: one line without tricks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppName(String);

impl AppName {
    /// Makes a name presentable: line breaks and other controls become spaces, marks that turn the direction of a
    /// text are dropped, and what is longer than 40 characters is cut.
    ///
    /// # Errors
    /// Nothing is left.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let turns = |c: char| {
            matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}')
        };
        let space = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}');
        let kept: String = name
            .chars()
            .filter(|c| !turns(*c))
            .map(|c| if space(c) { ' ' } else { c })
            .collect();
        let words: Vec<&str> = kept.split(' ').filter(|word| !word.is_empty()).collect();
        let cut: String = words.join(" ").chars().take(LONGEST_NAME).collect();
        let shown = cut.trim_end();
        if shown.is_empty() {
            return Err(Invalid::new("An app's name has at least one visible character."));
        }
        Ok(Self(shown.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a message is about.
pub enum Says {
    /// A one-time code.
    Code {
        /// The code.
        code: OneTimeCode,
        /// What it is for.
        purpose: Purpose,
    },
    /// Something that changed. There is nothing to be typed anywhere.
    Notice {
        /// What changed.
        notice: Notice,
        /// What it happened to, where that has a name to show: a webhook's address.
        about: Option<String>,
    },
}

/// A message to one person.
pub struct Message {
    /// Our own name of it.
    pub reference: Reference,
    /// Where it goes. For a known user this is the stored address, never the typed one.
    pub to: Destination,
    /// What it is about.
    pub says: Says,
    /// In whose name it is sent: who asks for the code, or where something changed.
    pub app: AppName,
    /// The language of the text.
    pub language: Language,
    /// When the code ends, or the news is old; nothing is sent afterwards.
    pub expires_at: Timestamp,
    /// The host of the page on which the code is typed, such as `login.example.com`: phones then offer to fill in a
    /// code of an SMS there and nowhere else (`WebOTP`).
    pub page_host: Option<String>,
    /// Where Twilio reports what becomes of the message. Others report where their settings say.
    pub status_url: Option<String>,
}

impl Message {
    /// What the recipient would read: the subject of an e-mail, and the text.
    #[must_use]
    pub fn in_plain(&self, now: Timestamp) -> (Option<String>, Zeroizing<String>) {
        match &self.to {
            Destination::Phone(_) => (None, text::sms(self)),
            Destination::Email(_) => (Some(self.title()), text::mail(self, now)),
        }
    }

    /// The code, if it is about one.
    #[must_use]
    pub fn code(&self) -> Option<&OneTimeCode> {
        match &self.says {
            Says::Code { code, .. } => Some(code),
            Says::Notice { .. } => None,
        }
    }

    /// What its code is for; `None` for a notice.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        match &self.says {
            Says::Code { purpose, .. } => Some(*purpose),
            Says::Notice { .. } => None,
        }
    }

    /// What it is about in a few words, without a full stop and without the code.
    pub(super) fn title(&self) -> String {
        let (words, app) = (Words(self.language), self.app.as_str());
        match &self.says {
            Says::Code { purpose, .. } => words.what(*purpose, app),
            Says::Notice { notice, .. } => words.notice(*notice, app),
        }
    }

    /// Whole minutes that the code still works at `now`, at least one.
    pub(super) fn minutes_left(&self, now: Timestamp) -> i64 {
        (self.expires_at.duration_since(now).as_secs() / 60).max(1)
    }
}

/// The provider took a message. That is not yet a delivery: see [`super::StatusUpdate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The provider's name of the message, by which its reports are matched.
    pub provider_id: Option<String>,
    /// What went wrong on the way and was worked around, such as a paused template: worth an alarm.
    pub trouble: Option<SendFailure>,
}

impl Sent {
    /// Taken, without trouble.
    pub(super) fn new(provider_id: Option<String>) -> Self {
        Self {
            provider_id,
            trouble: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_are_safe_in_every_place() {
        assert!(Reference::new("msg_01hzy8d3c3x1e").is_ok());
        for bad in ["", "a.b", "a b", "a>b", "a\r\nb", &"a".repeat(65)] {
            assert!(Reference::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn app_names_are_made_presentable() {
        for (name, shown) in [
            ("Acme", "Acme"),
            ("  Acme\r\nBcc: x@y.example  ", "Acme Bcc: x@y.example"),
            ("\u{202e}emcA", "emcA"),
            ("شركة\u{2028}أكمي", "شركة أكمي"),
        ] {
            assert_eq!(AppName::new(name).unwrap().as_str(), shown);
        }
        for name in ["", " ", "\u{202e}\u{feff}", "\n\n"] {
            assert!(AppName::new(name).is_err());
        }
    }

    proptest! {
        #[test]
        fn app_names_never_hold_a_break_and_never_grow(name in "(?s).{0,100}") {
            if let Ok(name) = AppName::new(&name) {
                prop_assert!(!name.as_str().contains(char::is_control));
                prop_assert!(name.as_str().chars().count() <= LONGEST_NAME);
                prop_assert_eq!(&AppName::new(name.as_str()).unwrap(), &name);
            }
        }
    }
}
