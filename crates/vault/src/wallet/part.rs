//! The layout of a sealed wallet.

use super::{Addresses, Place};
use crate::envelope;

/// Version, custody and addresses. They are authenticated with everything that is sealed.
pub(super) const HEAD: usize = 2 + Addresses::LEN;
/// A sealed key of 32 bytes, with a version byte of its own.
const LEAF: usize = 1 + envelope::OVERHEAD + 32;
/// Where the sealed phrase starts.
pub(super) const PHRASE: usize = HEAD + 3 * LEAF;

/// The four things that are sealed in a wallet.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Evm,
    Solana,
    Bitcoin,
    Phrase,
}

impl Part {
    const fn purpose(self) -> &'static str {
        match self {
            Self::Evm => "leaf evm",
            Self::Solana => "leaf solana",
            Self::Bitcoin => "leaf bitcoin",
            Self::Phrase => "phrase",
        }
    }

    /// The sealed part in the body of a wallet, which was found to be long enough when it was read.
    pub(super) fn of(self, body: &[u8]) -> &[u8] {
        match self {
            Self::Evm => &body[HEAD..][..LEAF],
            Self::Solana => &body[HEAD + LEAF..][..LEAF],
            Self::Bitcoin => &body[HEAD + 2 * LEAF..][..LEAF],
            Self::Phrase => &body[PHRASE..],
        }
    }

    /// What it is bound to: its wallet, its purpose, and the custody and addresses in front of it.
    pub(super) fn aad(self, place: &Place, head: &[u8]) -> Vec<u8> {
        place.aad(self.purpose(), head)
    }
}
