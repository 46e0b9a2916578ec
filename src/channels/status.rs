//! What providers report about messages that they took.

use jiff::Timestamp;

use super::SendFailure;

/// How far a message came, from the least to the most that can be known.
///
/// Reports come in any order and more than once. The furthest wins: `max` of all of them is the same whatever the
/// order, and a failure ends a message unless one of the person's devices shows it after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Progress {
    /// The provider took it.
    Accepted,
    /// It left the provider.
    Sent,
    /// It did not arrive.
    Failed,
    /// It arrived at a device.
    Delivered,
    /// It was opened.
    Read,
}

impl Progress {
    /// All of them, in order.
    pub const ALL: &'static [Self] = &[Self::Accepted, Self::Sent, Self::Failed, Self::Delivered, Self::Read];

    /// The name in rows and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// The progress of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|progress| progress.name() == name)
    }
}

/// One report about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// Whose message it is: the `WhatsApp` phone number id, the Twilio account. To be compared with the credentials
    /// of the environment whose address was called.
    pub account: String,
    /// The provider's name of the message, as in [`super::Sent`].
    pub provider_id: String,
    /// Our reference, where the provider gives it back. Text from outside: look it up, do not trust it.
    pub reference: Option<String>,
    /// How far it came.
    pub progress: Progress,
    /// Why it failed; only with [`Progress::Failed`], and not always.
    pub failure: Option<SendFailure>,
    /// When it happened, by the provider's clock.
    pub at: Option<Timestamp>,
}

impl StatusUpdate {
    /// The same for every copy of one report: to be remembered, so that each counts once.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        format!("{}:{}", self.provider_id, self.progress.name())
    }
}

/// The most bytes of a provider's name of something.
const LONGEST_ID: usize = 255;

/// A provider's id, if it is fit to be stored and compared.
pub(super) fn id(text: &str) -> Option<String> {
    let plain = (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_back() {
        for progress in Progress::ALL {
            assert_eq!(Progress::from_name(progress.name()), Some(*progress));
        }
    }

    #[test]
    fn a_device_that_shows_the_message_undoes_a_failure_and_nothing_else_does() {
        use Progress::{Accepted, Delivered, Failed, Read, Sent};
        assert_eq!(Failed.max(Sent), Failed);
        assert_eq!(Failed.max(Accepted), Failed);
        assert_eq!(Failed.max(Delivered), Delivered);
        assert_eq!(Delivered.max(Failed), Delivered);
        assert_eq!(Read.max(Delivered), Read);
    }

    proptest! {
        #[test]
        fn ids_are_visible_ascii(text in "(?s).{0,300}") {
            if let Some(id) = id(&text) {
                prop_assert!(id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
