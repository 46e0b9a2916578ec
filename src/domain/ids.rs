//! Ids: one `UUIDv7` per object, printed as a prefix and 26 characters of Crockford base32.

use std::fmt;
use std::str::FromStr;

pub use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// An id as it is printed, on the stack: every request prints one, its answer and its log line some more.
#[derive(Clone, Copy)]
pub struct IdText {
    /// What is printed stands at the end: a prefix has two or three letters.
    bytes: [u8; LONGEST],
    starts: usize,
}

/// The value of each character, as lower or upper case; those of no digit are beyond all digits.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 32 {
        values[ALPHABET[digit as usize] as usize] = digit;
        values[ALPHABET[digit as usize].to_ascii_uppercase() as usize] = digit;
        digit += 1;
    }
    values
};

const LONGEST: usize = 30;
const DIGITS: usize = 26;

impl std::ops::Deref for IdText {
    type Target = str;

    fn deref(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.bytes[self.starts..]).unwrap_or_default()
    }
}

fn encode(prefix: &str, id: Uuid) -> IdText {
    let mut bytes = [b'_'; LONGEST];
    let digits = LONGEST - DIGITS;
    let starts = digits - 1 - prefix.len();
    bytes[starts..digits - 1].copy_from_slice(prefix.as_bytes());
    let mut bits = id.as_u128();
    for slot in bytes[digits..].iter_mut().rev() {
        *slot = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    IdText { bytes, starts }
}

fn decode(prefix: &str, text: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix)?.strip_prefix('_')?;
    if digits.len() != DIGITS {
        return None;
    }
    let mut bits: u128 = 0;
    for (position, byte) in digits.bytes().enumerate() {
        let digit = VALUES[usize::from(byte)];
        if digit > 31 || position == 0 && digit > 7 {
            return None;
        }
        bits = (bits << 5) | u128::from(digit);
    }
    Some(Uuid::from_u128(bits))
}

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with `{prefix}_` and has 26 characters after it")]
pub struct ParseIdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the printed form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The printed form.
            #[must_use]
            pub fn text(self) -> IdText {
                encode($prefix, self.0)
            }

            /// The sixteen bytes, for sealing and hashing.
            #[must_use]
            pub fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                decode($prefix, text).map(Self).ok_or(ParseIdError { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.text())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A company that runs its product on this server.
    OrganizationId = "org";
    /// A sandbox or production data plane of an organization.
    EnvironmentId = "env";
    /// Another company's platform that brings users aboard.
    PartnerId = "prt";
    /// The organization's own client application.
    AppId = "app";
    /// A partner key, server key or client secret.
    KeyId = "key";
    /// A person or business in one environment.
    UserId = "usr";
    /// One name that a user is known by.
    IdentityId = "idn";
    /// The partner's own, pairwise name of a user (`wrapp_user_id`): the id of the partner's identity row.
    WrappUserId = "wrp";
    /// An API key issued to one user.
    UserKeyId = "uky";
    /// A one-time login URL.
    LoginLinkId = "lnk";
    /// A signed-in browser or app.
    SessionId = "ses";
    /// Something that happened.
    EventId = "evt";
    /// One attempt series of one event to one address.
    DeliveryId = "dlv";
    /// A secret that signs webhooks.
    WebhookSecretId = "whs";
    /// An address of the organization that is told of events.
    WebhookId = "wh";
    /// A part of the log that a webhook is told again.
    ReplayId = "rpl";
    /// A key that signs tokens.
    SigningKeyId = "sgn";
    /// A key of the instance that seals or authenticates.
    RootKeyId = "rtk";
    /// One attempt budget of a one-time code.
    ChallengeId = "chl";
    /// A message on its way.
    MessageId = "msg";
    /// A message that a sandbox would have sent.
    InboxId = "inb";
    /// What one log-in may go on with: a family of refresh tokens.
    FamilyId = "fam";
    /// Two accounts that may become one.
    JoinId = "joi";
    /// Another e-mail or phone that waits for the person to confirm it.
    ConfirmationId = "cfm";
    /// A wallet: keys on three families of chains.
    WalletId = "wlt";
    /// An export of a wallet's phrase.
    ExportId = "exp";
    /// A device that somebody logs in on.
    DeviceId = "dev";
    /// A transaction that was signed here, on its way.
    SendId = "snd";
    /// One HTTP request.
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_reads_back(bits in any::<u128>()) {
            let id = UserId(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
            prop_assert_eq!(id.to_string().len(), 30);
        }

        #[test]
        fn any_text_is_refused_or_is_its_own_printed_form(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<UserId>() {
                prop_assert_eq!(id.to_string(), text.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn a_prefix_of_two_letters_is_one_as_well() {
        let id = WebhookId(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "wh_00000000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(
            WebhookSecretId(Uuid::from_u128(7))
                .to_string()
                .parse::<WebhookId>()
                .is_err()
        );
    }

    #[test]
    fn another_kind_is_refused() {
        let text = PartnerId(Uuid::from_u128(7)).to_string();
        assert!(text.parse::<UserId>().is_err());
    }

    #[test]
    fn printed_order_is_byte_order() {
        let (earlier, later) = (UserId(Uuid::from_u128(1 << 90)), UserId(Uuid::from_u128(1 << 91)));
        assert!(earlier.to_string() < later.to_string());
    }
}
