//! Why a wallet did not open.

use crate::KmsError;

/// Why a wallet was not made, opened or sealed anew. No variant holds secret bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The KMS said no.
    #[error(transparent)]
    Kms(#[from] KmsError),
    /// The stored bytes are no sealed wallet.
    #[error("the stored wallet is damaged: restore it from a backup")]
    Malformed,
    /// The first byte names a layout this release does not know.
    #[error("the stored wallet has the unknown version {0}: upgrade Aboard")]
    UnknownVersion(u8),
    /// It was changed, it was sealed for another place, or the user's half is another wallet's.
    #[error(
        "the wallet does not open: the recovery secret may be an old one or another wallet's; \
         if it is right, restore the wallet from a backup"
    )]
    Refused,
    /// A shared wallet was opened without the user's half.
    #[error("only its user can open this wallet: ask for its recovery secret first")]
    NeedsUserHalf,
    /// The phrase has no key at one of the paths of a wallet. Nobody has ever seen one.
    #[error("this phrase gives no wallet: make another one")]
    NoKey,
    /// The key to export to is not one of X25519.
    #[error("the public key to export to has to be 32 bytes of X25519: send the right key")]
    ExportKey,
}
