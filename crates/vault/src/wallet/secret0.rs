//! `secret0`: the recovery secret that only the user holds.

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{Pin, UserCopy, UserHalf, pin, user_copy::Form};
use crate::{Entropy, Mac, Purpose, Secret, Vault, hmac_sha256};

/// 192 bits, so that version, secret and checksum are 24 words together.
pub(super) const LEN: usize = 24;

/// The recovery secret of a wallet. It has no text of its own: what a user gets and gives back is
/// a [`UserCopy`].
///
/// Of a [`Custody::Shared`](super::Custody::Shared) wallet it is also the user's half of the key.
/// The server keeps only [`Secret0::mac`], and makes a new one on every recover.
pub struct Secret0(Secret);

impl Secret0 {
    pub(super) fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::random(LEN, entropy))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(Secret::new(bytes.to_vec()))
    }

    /// The keyed hash to store: it tells the right secret from a wrong one and gives nothing away,
    /// even with the database, while the root key is safe.
    #[must_use]
    pub fn mac(&self, vault: &Vault) -> Mac {
        vault.mac(Purpose::Secret0Mac, &parts(&self.0))
    }

    /// Checks this secret against the stored `mac`, in constant time.
    ///
    /// # Errors
    /// [`Secret0Error::Wrong`].
    pub fn prove(&self, vault: &Vault, mac: &Mac) -> Result<Proven<'_>, Secret0Error> {
        if vault.verify_mac(Purpose::Secret0Mac, &parts(&self.0), mac) {
            Ok(Proven(self))
        } else {
            Err(Secret0Error::Wrong)
        }
    }

    /// The user's half of a shared wallet's key.
    #[must_use]
    pub fn half(&self) -> UserHalf {
        // HKDF-Expand, one block: the secret is uniformly random and needs no extract step.
        let half = Zeroizing::new(hmac_sha256(self.0.expose(), &[b"aboard-user-half-1", &[1]]));
        UserHalf::new(&half)
    }

    /// The copy to give to the user.
    #[must_use]
    pub fn to_copy(&self) -> UserCopy {
        UserCopy::new(Form::Bare, None, Secret::new(self.0.expose().to_vec()))
    }

    /// A copy that opens only with `pin` and `pepper`, 32 random bytes that the server keeps sealed
    /// per wallet and uses only after it has counted a try. Make a new pepper for every copy.
    ///
    /// This is the one slow call here: argon2id over 19 MiB, about 20 ms.
    #[must_use]
    pub fn to_copy_with_pin(&self, wallet: [u8; 16], pin: &Pin, pepper: &Secret) -> UserCopy {
        let masked = pin::mask(self.0.expose(), wallet, pin, pepper);
        UserCopy::new(Form::Pin, Some(wallet), masked)
    }
}

impl ZeroizeOnDrop for Secret0 {}

fn parts(secret: &Secret) -> [&[u8]; 2] {
    [b"proof", secret.expose()]
}

/// A [`Secret0`] that was checked against its wallet's row. Recover and export ask for one, so that
/// no caller can forget the check.
pub struct Proven<'a>(&'a Secret0);

impl Proven<'_> {
    /// The secret that was proven.
    #[must_use]
    pub const fn secret0(&self) -> &Secret0 {
        self.0
    }
}

/// Why a text is no usable `secret0`. No variant holds a byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Secret0Error {
    /// Neither the content of a recovery file nor words.
    #[error("this is no recovery secret: give the content of the .xellar file, or its 24 words")]
    NotASecret0,
    /// Of a version this release does not know.
    #[error("the recovery secret has a version this release does not know: upgrade Aboard")]
    UnknownVersion,
    /// A character or a word too many, too few or changed.
    #[error("the recovery secret is damaged: copy it again, whole")]
    Damaged,
    /// The word at `position` is not in the list.
    #[error("word {position} of the recovery secret is not in the list: check its spelling")]
    UnknownWord {
        /// Which one, counted from 1.
        position: usize,
    },
    /// Another number of words.
    #[error("a recovery secret has 24 words and this has {found}: check that all are there")]
    WordCount {
        /// How many there are.
        found: usize,
    },
    /// It was wrapped with a PIN and none was given.
    #[error("this recovery secret is protected by a PIN: give `pin` as well")]
    NeedsPin,
    /// The PIN is not six digits.
    #[error("`pin` has to be six digits: check it")]
    PinFormat,
    /// It belongs to another wallet, was replaced by a newer one, or the PIN is wrong.
    #[error("the recovery secret or its PIN is wrong, or a newer one has replaced it: use the newest copy")]
    Wrong,
}
