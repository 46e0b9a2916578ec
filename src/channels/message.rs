//! What is sent, and what came of it.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::SendFailure;
use crate::domain::{Email, Invalid, Language, Phone};

/// The most characters of a code: WhatsApp takes no more.
const LONGEST_CODE: usize = 15;
/// The most characters of an app's name in a message.
const LONGEST_NAME: usize = 40;
/// The most characters of a reference: with its frame it fits into every provider's field.
const LONGEST_REFERENCE: usize = 64;

/// A one-time code to be sent, wiped when dropped. It can be neither printed, serialized nor cloned.
pub struct SecretCode(Zeroizing<String>);

impl SecretCode {
    /// Takes over a code of 4 to 15 ASCII letters and digits.
    ///
    /// # Errors
    /// Says which rule it breaks.
    pub fn new(code: String) -> Result<Self, Invalid> {
        let code = Zeroizing::new(code);
        let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain && (4..=LONGEST_CODE).contains(&code.len()) {
            Ok(Self(code))
        } else {
            Err(Invalid::new("A code has 4 to 15 ASCII letters and digits."))
        }
    }

    /// The code. The name is meant to stand out in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

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

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A telephone number, for WhatsApp and SMS.
    Phone(Phone),
    /// An e-mail address.
    Email(Email),
}

impl Destination {
    /// What identifies it: E.164, or the address's key.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.key(),
            Self::Email(email) => email.key(),
        }
    }
}

/// What a code is for. The text of a step-up names it, so that nobody types a code for something else than they think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To log in.
    LogIn,
    /// To prove that the destination is the person's.
    ConfirmContact,
    /// To take the wallet's keys out.
    ExportWallet,
    /// To let an app use the wallet.
    GiveConsent,
    /// To change an e-mail address or a phone number that logs in.
    ChangeIdentity,
    /// To make two accounts one.
    JoinAccounts,
}

impl Purpose {
    /// All purposes.
    pub const ALL: &'static [Self] = &[
        Self::LogIn,
        Self::ConfirmContact,
        Self::ExportWallet,
        Self::GiveConsent,
        Self::ChangeIdentity,
        Self::JoinAccounts,
    ];

    /// Whether it asks somebody who is signed in for a fresh proof.
    #[must_use]
    pub const fn is_step_up(self) -> bool {
        !matches!(self, Self::LogIn | Self::ConfirmContact)
    }

    /// The name in rows and towards the organization's own sender.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::ConfirmContact => "confirm_contact",
            Self::ExportWallet => "export_wallet",
            Self::GiveConsent => "give_consent",
            Self::ChangeIdentity => "change_identity",
            Self::JoinAccounts => "join_accounts",
        }
    }

    /// The purpose of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|purpose| purpose.name() == name)
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

/// A one-time code for one person.
pub struct Message {
    /// Our own name of it.
    pub reference: Reference,
    /// Where it goes. For a known user this is the stored address, never the typed one.
    pub to: Destination,
    /// The code.
    pub code: SecretCode,
    /// What the code is for.
    pub purpose: Purpose,
    /// Who asks for it.
    pub app: AppName,
    /// The language of the text.
    pub language: Language,
    /// When the code ends; nothing is sent afterwards.
    pub expires_at: Timestamp,
    /// The host of the page on which the code is typed, such as `login.example.com`: phones then offer to fill in a
    /// code of an SMS there and nowhere else (`WebOTP`).
    pub page_host: Option<String>,
    /// Where Twilio reports what becomes of the message. Others report where their settings say.
    pub status_url: Option<String>,
}

impl Message {
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
    fn codes_are_plain_and_of_a_length_that_every_channel_takes() {
        for good in ["4829", "482913", "K7M29QXT", "ABCDEFGHJKLMNPQ"] {
            assert_eq!(SecretCode::new(good.to_owned()).map_err(drop).unwrap().expose(), good);
        }
        for bad in ["", "123", "1234567890123456", "12 34", "1234\r\nBcc: x", "١٢٣٤"] {
            assert!(SecretCode::new(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn references_are_safe_in_every_place() {
        assert!(Reference::new("msg_01hzy8d3c3x1e").is_ok());
        for bad in ["", "a.b", "a b", "a>b", "a\r\nb", &"a".repeat(65)] {
            assert!(Reference::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_purposes_are_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_name(purpose.name()), Some(*purpose));
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
