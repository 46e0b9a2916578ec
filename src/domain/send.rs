//! A transaction that was signed here, on its way.

use jiff::SignedDuration;

/// For how long a send that does the same is taken for a mistake.
pub const SAME_SEND: SignedDuration = SignedDuration::from_secs(60);
/// For how long a call that sent something is known by its `Idempotency-Key`: as long as the key itself.
pub const SEND_KEY_KEPT: SignedDuration = SignedDuration::from_hours(24);

macro_rules! words {
    ($(#[$doc:meta])* $kind:ident { $($(#[$says:meta])* $name:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind { $($(#[$says])* $name,)* }

        impl $kind {
            /// Its word, as it is stored and shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word,)* } }

            /// Reads the word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

words! {
    /// How far a send has come.
    SendState {
        /// Signed and stored; no node is known to have it.
        Stored = "stored",
        /// A node took it.
        Broadcast = "broadcast",
        /// It stands in the chain, deep enough for the network.
        Confirmed = "confirmed",
        /// It stands in the chain and did nothing but cost fees.
        Failed = "failed",
        /// Another transaction has its nonce.
        Replaced = "replaced",
        /// It was not mined before its end, and never will be.
        Expired = "expired",
        /// Nodes refused it before it could be mined. Its nonce is free again.
        Dropped = "dropped",
    }
}

impl SendState {
    /// Whether its end is not known yet.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Stored | Self::Broadcast)
    }
}

words! {
    /// What a send is.
    SendKind {
        /// The network's own coin.
        Coin = "coin",
        /// A fungible token.
        Token = "token",
        /// A transaction that the caller made.
        Transaction = "transaction",
        /// A token of ERC-721.
        Erc721 = "erc721",
        /// Tokens of ERC-1155.
        Erc1155 = "erc1155",
        /// Nothing, in the place of another send.
        Cancel = "cancel",
    }
}

/// One address on one network: what it sends has an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lane {
    /// The code of the network.
    pub network: String,
    /// The address, as its family writes it.
    pub address: String,
}
