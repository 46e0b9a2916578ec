//! Who can open a wallet.

/// Who can open a wallet. Every answer that shows a wallet says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Custody {
    /// The operator can sign.
    Server,
    /// The key is made of a half the server keeps and a half that is in [`Secret0`](super::Secret0): the database
    /// and the key file together open nothing. The operator cannot sign while the user is away, but
    /// a hostile one could keep the key the next time it is used.
    Shared,
}

impl Custody {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Shared => "shared",
        }
    }

    /// The custody of that name, or `None`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Server, Self::Shared]
            .into_iter()
            .find(|custody| custody.as_str() == name)
    }

    /// What the wrapped 32 bytes are. Part of what they are bound to: never change one.
    pub(super) const fn key_purpose(self) -> &'static str {
        match self {
            Self::Server => "data key",
            Self::Shared => "server half",
        }
    }

    /// How it stands in a sealed wallet.
    pub(super) const fn to_byte(self) -> u8 {
        match self {
            Self::Server => 0,
            Self::Shared => 1,
        }
    }

    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Server),
            1 => Some(Self::Shared),
            _ => None,
        }
    }
}
