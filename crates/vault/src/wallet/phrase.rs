//! BIP-39 phrases in English.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::words::{NotWords, from_words, to_words};
use crate::{Entropy, Secret, sha256};

const ROUNDS: NonZeroU32 = NonZeroU32::new(2048).expect("2048 is not zero");
const NEW: usize = 16;
const MOST_WORDS: usize = 24;

/// The words a wallet is made of (BIP-39), kept as the entropy they spell.
pub struct Phrase {
    entropy: Secret,
}

impl Phrase {
    /// 12 new words: 128 random bits.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self {
            entropy: Secret::random(NEW, entropy),
        }
    }

    /// Reads 12, 15, 18, 21 or 24 words. Case and white space do not matter.
    ///
    /// # Errors
    /// [`PhraseError`] names the place of a wrong word and never the word.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        let (bits, count) = from_words(text, MOST_WORDS).map_err(|error| match error {
            NotWords::Unknown(position) => PhraseError::UnknownWord { position },
            NotWords::TooMany(_) => PhraseError::WordCount,
        })?;
        if count < 12 || count % 3 != 0 {
            return Err(PhraseError::WordCount);
        }
        // 32 bits of entropy to each bit of checksum, three words together.
        let (entropy, checksum) = bits.split_at(count / 3 * 4);
        if checksum != [checksum_of(entropy)] {
            return Err(PhraseError::Checksum);
        }
        Ok(Self {
            entropy: Secret::new(entropy.to_vec()),
        })
    }

    /// The phrase of this entropy; `None` if BIP-39 has none of that length.
    pub(super) fn from_entropy(entropy: Secret) -> Option<Self> {
        matches!(entropy.len(), 16 | 20 | 24 | 28 | 32).then_some(Self { entropy })
    }

    pub(super) fn entropy(&self) -> &[u8] {
        self.entropy.expose()
    }

    /// The words, in lower case with one space between them.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let entropy = self.entropy();
        let mut bits = Zeroizing::new(Vec::with_capacity(entropy.len() + 1));
        bits.extend_from_slice(entropy);
        bits.push(checksum_of(entropy));
        to_words(&bits, entropy.len() / 4 * 3)
    }

    /// The 64 bytes that keys are derived from. Aboard's own wallets have the empty `passphrase`.
    ///
    /// This is the slow step: 2048 rounds of HMAC-SHA512, about a millisecond.
    #[must_use]
    pub fn seed(&self, passphrase: &str) -> Secret {
        // The words are ASCII, where the normal form that BIP-39 asks for changes nothing.
        let salt = Zeroizing::new(["mnemonic", passphrase].concat());
        let mut seed = Zeroizing::new(vec![0; 64]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA512,
            ROUNDS,
            salt.as_bytes(),
            self.words().as_bytes(),
            &mut seed,
        );
        Secret::new(std::mem::take(&mut *seed))
    }
}

impl ZeroizeOnDrop for Phrase {}

/// The first bits of the hash, one to each 32 of entropy, at the top of a byte.
fn checksum_of(entropy: &[u8]) -> u8 {
    let bits = entropy.len() / 4;
    sha256(entropy)[0] & !(0xff_u16 >> bits).to_le_bytes()[0]
}

/// Why a text is no phrase. No variant holds a word of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// Not 12, 15, 18, 21 or 24 words.
    #[error("a phrase has 12, 15, 18, 21 or 24 words: check that all are there")]
    WordCount,
    /// A word that is not in the list of BIP-39.
    #[error("word {position} is not in the English list of BIP-39: check its spelling")]
    UnknownWord {
        /// Which one, counted from 1.
        position: usize,
    },
    /// The last word does not fit the others.
    #[error("the words do not fit together: check their spelling and order")]
    Checksum,
}
