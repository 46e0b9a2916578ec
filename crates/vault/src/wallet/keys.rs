//! The three keys of a wallet, and its addresses.

use super::{bitcoin, curve::SecpKey, derive, derive::hardened, evm, phrase::Phrase, solana};
use crate::{Secret, SigningKey};

/// `m/44'/60'/0'/0/0`
const EVM: [u32; 5] = [hardened(44), hardened(60), hardened(0), 0, 0];
/// `m/84'/0'/0'/0/0`
const BITCOIN: [u32; 5] = [hardened(84), hardened(0), hardened(0), 0, 0];
/// `m/44'/501'/0'/0'`
const SOLANA: [u32; 4] = [hardened(44), hardened(501), hardened(0), hardened(0)];

/// The addresses of a wallet, one per family of chains. They are public.
///
/// The phrase gives the same ones in `MetaMask`, Phantom and Sparrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Ethereum and all chains like it: `m/44'/60'/0'/0/0`.
    pub evm: evm::Address,
    /// Solana: `m/44'/501'/0'/0'` (SLIP-10).
    pub solana: solana::Address,
    /// Bitcoin: the key of `m/84'/0'/0'/0/0`, whose address differs between main and test network.
    pub bitcoin: bitcoin::PublicKey,
}

impl Addresses {
    /// The bytes that stand in a sealed wallet: 20, 32 and 33 of them.
    pub(super) const LEN: usize = 20 + 32 + 33;

    pub(super) fn to_bytes(self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[..20].copy_from_slice(self.evm.as_slice());
        out[20..52].copy_from_slice(&self.solana.0);
        out[52..].copy_from_slice(&self.bitcoin.to_bytes());
        out
    }

    pub(super) fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let (evm, rest) = bytes.split_at(20);
        let (solana, bitcoin) = rest.split_at(32);
        Some(Self {
            evm: evm::Address::from_slice(evm),
            solana: solana::Address(solana.try_into().ok()?),
            bitcoin: bitcoin::PublicKey::from_stored(bitcoin.try_into().ok()?)?,
        })
    }
}

/// The private keys that a signature needs: 32 bytes each.
pub(super) struct Leaves {
    pub evm: Secret,
    pub solana: Secret,
    pub bitcoin: Secret,
}

impl Leaves {
    /// Derives keys and addresses. `None` if the phrase has no key at a path, which no phrase that
    /// anybody will ever see does.
    pub(super) fn of(phrase: &Phrase) -> Option<(Self, Addresses)> {
        let seed = phrase.seed("");
        let (evm, _) = derive::secp256k1(seed.expose(), &EVM)?;
        let (bitcoin, _) = derive::secp256k1(seed.expose(), &BITCOIN)?;
        let (solana, _) = derive::ed25519(seed.expose(), &SOLANA);
        let addresses = Addresses {
            evm: evm::address_of(&evm.public()),
            solana: solana::Address(SigningKey::from_seed(solana.expose()).ok()?.public()),
            bitcoin: bitcoin::PublicKey::new(bitcoin.public()),
        };
        let leaves = Self {
            evm: secret(&evm),
            solana,
            bitcoin: secret(&bitcoin),
        };
        Some((leaves, addresses))
    }
}

fn secret(key: &SecpKey) -> Secret {
    Secret::new(key.bytes().to_vec())
}
