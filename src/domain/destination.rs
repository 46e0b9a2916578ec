//! Where one-time codes go, and what they are for.

use super::{Email, Phone};

/// Where a code goes, and so what it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A telephone number, for WhatsApp and SMS.
    Phone(Phone),
    /// An e-mail address.
    Email(Email),
}

impl Destination {
    /// `phone` or `email`: the kind of identity that a code proves.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phone",
            Self::Email(_) => "email",
        }
    }

    /// What identifies it: E.164, or the address's key.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.key(),
            Self::Email(email) => email.key(),
        }
    }

    /// As it was given.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.shown(),
            Self::Email(email) => email.shown(),
        }
    }

    /// Whether it is a number kept for fiction (`+1 … 555 01XX`): in a sandbox it takes a fixed code, and nothing is
    /// sent there; production refuses it.
    #[must_use]
    pub fn is_test_number(&self) -> bool {
        let Self::Phone(phone) = self else { return false };
        let Some(rest) = phone.key().strip_prefix("+1") else {
            return false;
        };
        rest.len() == 10 && rest.bytes().all(|byte| byte.is_ascii_digit()) && rest[3..].starts_with("55501")
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
    /// To let a log-in on a new device do everything.
    TrustDevice,
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
        Self::TrustDevice,
    ];

    /// Whether it asks somebody who is signed in for a fresh proof.
    #[must_use]
    pub const fn is_step_up(self) -> bool {
        !matches!(self, Self::LogIn | Self::ConfirmContact)
    }

    /// Whether it takes an address that is the person's own already: a code to any other proves nothing about them.
    #[must_use]
    pub const fn needs_own_address(self) -> bool {
        matches!(
            self,
            Self::ExportWallet | Self::GiveConsent | Self::ChangeIdentity | Self::TrustDevice
        )
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
            Self::TrustDevice => "trust_device",
        }
    }

    /// The purpose of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|purpose| purpose.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_fiction_are_test_numbers() {
        for (text, is) in [
            ("+12025550123", true),
            ("+12125550199", true),
            ("+12025550023", false),
            ("+120255501234", false),
            ("+1202555012", false),
            ("+442025550123", false),
            ("12025550123", false),
        ] {
            let to = Destination::Phone(Phone::parse(text, None).unwrap());
            assert_eq!(to.is_test_number(), is, "{text}");
        }
        assert!(!Destination::Email(Email::parse("a@example.com").unwrap()).is_test_number());
    }

    #[test]
    fn names_are_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_name(purpose.name()), Some(*purpose));
        }
        assert_eq!(Purpose::from_name("fax"), None);
    }
}
