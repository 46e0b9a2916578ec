//! The wallet that a sealed value belongs to.

use crate::hash::length_prefixed;

/// Names one wallet: what is sealed for it opens for no other.
///
/// The ids go into the authenticated data of everything that is sealed, and are stored in none of
/// it. `user` is the user the wallet was sealed for. A wallet that gets another user through
/// [`SealedWallet::recover`](super::SealedWallet::recover) is sealed anew; a caller that joins two
/// users in another way keeps the old id beside the wallet and goes on giving it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The environment's id.
    pub environment: [u8; 16],
    /// The user's id.
    pub user: [u8; 16],
    /// The wallet's id.
    pub wallet: [u8; 16],
}

impl Place {
    /// The data to authenticate for `purpose`: a version label, then each field behind its length.
    ///
    /// The key-encryption key is not among them, so that wrapping a wallet's key anew touches no
    /// payload.
    pub(crate) fn aad(&self, purpose: &str, context: &[u8]) -> Vec<u8> {
        length_prefixed(&[
            b"aboard-wallet-1",
            purpose.as_bytes(),
            &self.environment,
            &self.user,
            &self.wallet,
            context,
        ])
    }
}
