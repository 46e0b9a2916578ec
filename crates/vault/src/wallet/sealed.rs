//! A wallet as it is stored, and what can be done with it without opening it.

use super::{
    Addresses, Custody, OpenWallet, Phrase, Place, Proven, Secret0, UserHalf, WalletError,
    keys::Leaves,
    open::DataKey,
    part::{HEAD, PHRASE, Part},
};
use crate::{Entropy, Kms, Secret, envelope};

const VERSION: u8 = 1;
const KEY: usize = 32;

/// A wallet as two columns of a row hold it.
///
/// * [`key`](Self::key): 32 bytes wrapped by the KEK. They are the key of the other column
///   ([`Custody::Server`]) or the server's half of it ([`Custody::Shared`]). Only this column
///   changes when the KEK does ([`rewrap`](Self::rewrap)).
/// * [`body`](Self::body): `version 1 | custody | addresses (85) | 3 sealed keys (65 each) |
///   sealed phrase`. Each sealed part is `1 | salt (16) | ciphertext | tag (16)` (AES-256-GCM, a
///   key per part by HKDF) and bound to its [`Place`], its purpose, and the custody and addresses
///   before it: a changed address is found before anything is signed.
///
/// It opens nothing by itself and may be logged as little as any row.
pub struct SealedWallet {
    key: Vec<u8>,
    body: Vec<u8>,
    custody: Custody,
    addresses: Addresses,
}

/// A wallet that was just made, imported or recovered.
pub struct Created {
    /// To be stored.
    pub wallet: SealedWallet,
    /// To be given to the user, once.
    pub secret0: Secret0,
}

impl SealedWallet {
    /// Makes a wallet of a new phrase of 12 words.
    ///
    /// It takes more than a millisecond of CPU: call it off the async threads.
    ///
    /// # Errors
    /// [`WalletError::Kms`] if the KMS did not wrap its key.
    pub fn create(
        kms: &dyn Kms,
        place: &Place,
        custody: Custody,
        entropy: &dyn Entropy,
    ) -> Result<Created, WalletError> {
        Self::import(kms, place, custody, &Phrase::generate(entropy), entropy)
    }

    /// Makes a wallet of a phrase that the user brings.
    ///
    /// # Errors
    /// [`WalletError::Kms`]; [`WalletError::NoKey`] in theory.
    pub fn import(
        kms: &dyn Kms,
        place: &Place,
        custody: Custody,
        phrase: &Phrase,
        entropy: &dyn Entropy,
    ) -> Result<Created, WalletError> {
        let (leaves, addresses) = Leaves::of(phrase).ok_or(WalletError::NoKey)?;
        Self::seal(kms, place, custody, phrase.entropy(), &leaves, addresses, entropy)
    }

    /// Reads the two columns.
    ///
    /// # Errors
    /// [`WalletError::Malformed`] and [`WalletError::UnknownVersion`]. That nothing was changed is
    /// known only once it is opened.
    pub fn from_columns(key: Vec<u8>, body: Vec<u8>) -> Result<Self, WalletError> {
        match body.first() {
            Some(&VERSION) => {}
            Some(&other) => return Err(WalletError::UnknownVersion(other)),
            None => return Err(WalletError::Malformed),
        }
        if body.len() < PHRASE + 1 + envelope::OVERHEAD {
            return Err(WalletError::Malformed);
        }
        let custody = Custody::from_byte(body[1]).ok_or(WalletError::Malformed)?;
        let addresses = body[2..HEAD]
            .try_into()
            .ok()
            .and_then(Addresses::from_bytes)
            .ok_or(WalletError::Malformed)?;
        Ok(Self {
            key,
            body,
            custody,
            addresses,
        })
    }

    /// The wrapped 32 bytes, to be stored.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// All the rest, to be stored.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Who can open it.
    #[must_use]
    pub const fn custody(&self) -> Custody {
        self.custody
    }

    /// Its public addresses.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Unwraps the key column. The result may be kept for a while where the KMS is far away; see
    /// [`DataKey`].
    ///
    /// # Errors
    /// [`WalletError::Kms`], for instance because the row was copied to another place.
    pub fn unwrap_key(&self, kms: &dyn Kms, place: &Place) -> Result<DataKey, WalletError> {
        let key = kms.unwrap_key(&place.aad(self.custody.key_purpose(), &[]), &self.key)?;
        if key.len() != KEY {
            return Err(WalletError::Malformed);
        }
        Ok(DataKey::new(key))
    }

    /// Opens the wallet for signing. `half` is asked for by [`Custody::Shared`] and ignored by
    /// [`Custody::Server`].
    ///
    /// # Errors
    /// [`WalletError::Kms`] and [`WalletError::NeedsUserHalf`]. A wrong half and changed bytes show
    /// when a key is taken.
    pub fn open(&self, kms: &dyn Kms, place: &Place, half: Option<&UserHalf>) -> Result<OpenWallet<'_>, WalletError> {
        self.open_with(&self.unwrap_key(kms, place)?, place, half)
    }

    /// As [`open`](Self::open), with a key that was unwrapped before.
    ///
    /// # Errors
    /// [`WalletError::NeedsUserHalf`].
    pub fn open_with(
        &self,
        key: &DataKey,
        place: &Place,
        half: Option<&UserHalf>,
    ) -> Result<OpenWallet<'_>, WalletError> {
        match (self.custody, half) {
            (Custody::Server, _) => Ok(OpenWallet::new(self, *place, key.secret())),
            (Custody::Shared, Some(half)) => Ok(OpenWallet::new(self, *place, &half.combine(key.secret(), place))),
            (Custody::Shared, None) => Err(WalletError::NeedsUserHalf),
        }
    }

    /// The key column under another KEK. The body stays as it is, and no user is needed.
    ///
    /// # Errors
    /// [`WalletError::Kms`] of either side.
    pub fn rewrap(
        &self,
        from: &dyn Kms,
        to: &dyn Kms,
        place: &Place,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, WalletError> {
        let key = self.unwrap_key(from, place)?;
        Ok(to.wrap(
            &place.aad(self.custody.key_purpose(), &[]),
            key.secret().expose(),
            entropy,
        )?)
    }

    /// Moves the wallet to `to`, another user or the same: the same phrase, keys and addresses under
    /// a fresh key, with a new `secret0`. Keep the old columns until the user has proven the new
    /// secret once: until then the old copy opens them.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`WalletError::Refused`] if the secret is not this wallet's.
    pub fn recover(
        &self,
        kms: &dyn Kms,
        place: &Place,
        proven: &Proven<'_>,
        to: &Place,
        entropy: &dyn Entropy,
    ) -> Result<Created, WalletError> {
        let open = self.open(kms, place, Some(&proven.secret0().half()))?;
        let leaves = Leaves {
            evm: open.part(Part::Evm)?,
            solana: open.part(Part::Solana)?,
            bitcoin: open.part(Part::Bitcoin)?,
        };
        let phrase = open.part(Part::Phrase)?;
        Self::seal(kms, to, self.custody, phrase.expose(), &leaves, self.addresses, entropy)
    }

    fn seal(
        kms: &dyn Kms,
        place: &Place,
        custody: Custody,
        phrase: &[u8],
        leaves: &Leaves,
        addresses: Addresses,
        entropy: &dyn Entropy,
    ) -> Result<Created, WalletError> {
        let secret0 = Secret0::generate(entropy);
        let stored = Secret::random(KEY, entropy);
        let wrapped = kms.wrap(&place.aad(custody.key_purpose(), &[]), stored.expose(), entropy)?;

        let mut head = [VERSION; HEAD];
        head[1] = custody.to_byte();
        head[2..].copy_from_slice(&addresses.to_bytes());
        let mut wallet = Self {
            key: wrapped,
            body: head.to_vec(),
            custody,
            addresses,
        };
        let half = secret0.half();
        let open = wallet.open_with(&DataKey::new(stored), place, Some(&half))?;
        let parts = [
            open.sealed(Part::Evm, leaves.evm.expose(), entropy),
            open.sealed(Part::Solana, leaves.solana.expose(), entropy),
            open.sealed(Part::Bitcoin, leaves.bitcoin.expose(), entropy),
            open.sealed(Part::Phrase, phrase, entropy),
        ];
        for part in parts {
            wallet.body.extend_from_slice(&part);
        }
        Ok(Created { wallet, secret0 })
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.body[..HEAD]
    }

    pub(super) fn part(&self, part: Part) -> &[u8] {
        part.of(&self.body)
    }
}
