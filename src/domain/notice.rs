//! What somebody is told without having asked for anything.

/// A message without a code: something changed that concerns whoever gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// The organization's back end named another e-mail or phone; the old one, which is proven, logs in until the new
    /// one is proven too.
    ContactChanged,
    /// Another address was proven, and logs in from now on.
    AddressAdded,
    /// The wallet was moved to another log-in, with its recovery secret.
    WalletRecovered,
    /// The person, or somebody with their code, asked for the phrase of the wallet; it is handed out after a while.
    WalletExportAsked,
    /// Somebody logged in on a device that is not known, to an account with a wallet.
    NewDevice,
    /// To whoever runs the environment: a webhook was switched off.
    WebhookDisabled,
}

impl Notice {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::ContactChanged,
        Self::AddressAdded,
        Self::WalletRecovered,
        Self::WalletExportAsked,
        Self::NewDevice,
        Self::WebhookDisabled,
    ];

    /// The name in rows, in events and towards the organization's own sender.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContactChanged => "contact_changed",
            Self::AddressAdded => "address_added",
            Self::WalletRecovered => "wallet_recovered",
            Self::WalletExportAsked => "wallet_export_asked",
            Self::NewDevice => "new_device",
            Self::WebhookDisabled => "webhook_disabled",
        }
    }

    /// The notice of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|notice| notice.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for notice in Notice::ALL {
            assert_eq!(Notice::from_name(notice.name()), Some(*notice));
        }
        assert_eq!(Notice::from_name("fax"), None);
    }
}
