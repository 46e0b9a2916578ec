//! A wallet that is open for one operation.

use aws_lc_rs::hmac;
use zeroize::ZeroizeOnDrop;

use super::{
    Phrase, Place, Proven, SealedWallet, WalletError, bitcoin, evm,
    export::{Exported, export},
    keys::Leaves,
    part::Part,
    solana,
};
use crate::{Entropy, Secret, envelope};

const VERSION: u8 = 1;

/// The unwrapped key column of a wallet.
///
/// Where the KMS is another machine, a caller may keep it in a small, bounded map for as long as a
/// session: of a shared wallet it is the server's half alone and opens nothing.
pub struct DataKey(Secret);

impl DataKey {
    pub(super) const fn new(key: Secret) -> Self {
        Self(key)
    }

    pub(super) const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl ZeroizeOnDrop for DataKey {}

/// A wallet with its key, to be dropped after the operation.
///
/// Each key is opened when it is asked for, and the phrase only to export and to check.
pub struct OpenWallet<'a> {
    wallet: &'a SealedWallet,
    place: Place,
    /// AWS-LC wipes it when freed.
    key: hmac::Key,
}

impl<'a> OpenWallet<'a> {
    pub(super) fn new(wallet: &'a SealedWallet, place: Place, key: &Secret) -> Self {
        Self {
            wallet,
            place,
            key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
        }
    }

    /// The key of Ethereum and all chains like it.
    ///
    /// # Errors
    /// [`WalletError::Refused`] if anything was changed, or the user's half is another's.
    pub fn evm(&self) -> Result<evm::Key, WalletError> {
        evm::Key::new(self.part(Part::Evm)?.expose(), self.wallet.addresses().evm).ok_or(WalletError::Malformed)
    }

    /// The key of Solana.
    ///
    /// # Errors
    /// As [`evm`](Self::evm).
    pub fn solana(&self) -> Result<solana::Key, WalletError> {
        solana::Key::new(self.part(Part::Solana)?.expose()).ok_or(WalletError::Malformed)
    }

    /// The key of Bitcoin.
    ///
    /// # Errors
    /// As [`evm`](Self::evm).
    pub fn bitcoin(&self) -> Result<bitcoin::Key, WalletError> {
        bitcoin::Key::new(self.part(Part::Bitcoin)?.expose(), self.wallet.addresses().bitcoin)
            .ok_or(WalletError::Malformed)
    }

    /// Opens everything and derives the keys again: a drill that proves that the phrase is whole and
    /// gives the addresses shown. It costs as much as making a wallet.
    ///
    /// # Errors
    /// As [`evm`](Self::evm); [`WalletError::Malformed`] if phrase, keys and addresses differ.
    pub fn check(&self) -> Result<(), WalletError> {
        let (leaves, addresses) = Leaves::of(&self.phrase()?).ok_or(WalletError::Malformed)?;
        let same = |part, leaf: &Secret| {
            let stored = self.part(part)?;
            Ok::<_, WalletError>(crate::constant_time_eq(stored.expose(), leaf.expose()))
        };
        let whole = same(Part::Evm, &leaves.evm)?
            & same(Part::Solana, &leaves.solana)?
            & same(Part::Bitcoin, &leaves.bitcoin)?
            & (addresses == *self.wallet.addresses());
        if whole { Ok(()) } else { Err(WalletError::Malformed) }
    }

    /// The words of the wallet, encrypted to an X25519 key that the user's client made for this one
    /// export. The server sees the words while it does so; nothing between it and the client does.
    ///
    /// # Errors
    /// As [`evm`](Self::evm); [`WalletError::ExportKey`] for a key of a wrong length or of small
    /// order.
    pub fn export(
        &self,
        _proven: &Proven<'_>,
        client_key: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Exported, WalletError> {
        let words = self.phrase()?.words();
        export(&self.place, client_key, words.as_bytes(), entropy).ok_or(WalletError::ExportKey)
    }

    fn phrase(&self) -> Result<Phrase, WalletError> {
        Phrase::from_entropy(self.part(Part::Phrase)?).ok_or(WalletError::Malformed)
    }

    pub(super) fn part(&self, part: Part) -> Result<Secret, WalletError> {
        let sealed = self.wallet.part(part);
        envelope::open(&self.key, 1, &part.aad(&self.place, self.wallet.head()), sealed).ok_or(WalletError::Refused)
    }

    pub(super) fn sealed(&self, part: Part, plaintext: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let aad = part.aad(&self.place, self.wallet.head());
        envelope::seal(&self.key, &[VERSION], &aad, plaintext, entropy)
    }
}
