//! Wallets, through what is public.

mod bitcoin;
mod consensus;
mod custody;
mod evm;
mod phrase;
mod psbt;
mod recover;
mod secret0;
mod solana;
mod solana_message;
mod state;
mod typed_data;

use aboard_vault::{
    KeyFile, SystemEntropy, Vault,
    wallet::{Created, Custody, OpenWallet, Phrase, Place, SealedWallet, UserHalf},
};

use crate::support::new_vault;

pub const HERE: Place = Place {
    environment: [1; 16],
    user: [2; 16],
    wallet: [3; 16],
};

/// The phrase that every development node knows.
pub const WORDS: &str = "test test test test test test test test test test test junk";

/// Lengths and hashes of the columns of a wallet made of counted randomness.
pub const GOLDEN: [&str; 4] = ["73", "331", "24f9fdf64fa871c2", "c3fe17cc7c444704"];

pub const BOTH: [Custody; 2] = [Custody::Server, Custody::Shared];

pub fn phrase() -> Phrase {
    Phrase::parse(WORDS).ok().unwrap()
}

pub fn made(kms: &KeyFile, custody: Custody) -> Created {
    SealedWallet::import(kms, &HERE, custody, &phrase(), &SystemEntropy)
        .ok()
        .unwrap()
}

pub fn opened<'a>(wallet: &'a SealedWallet, kms: &KeyFile, half: &UserHalf) -> OpenWallet<'a> {
    wallet.open(kms, &HERE, Some(half)).ok().unwrap()
}

/// The wallet of [`WORDS`], open.
pub fn with_wallet(work: impl FnOnce(&OpenWallet<'_>)) {
    let kms = crate::support::key_file();
    let created = made(&kms, Custody::Server);
    work(&created.wallet.open(&kms, &HERE, None).ok().unwrap());
}

/// Whether each of the four sealed parts opens: all of them, or none may.
pub fn parts(vault: &Vault, created: &Created, open: &OpenWallet<'_>) -> [bool; 4] {
    let mac = created.secret0.mac(vault);
    let proven = created.secret0.prove(vault, &mac).ok().unwrap();
    [
        open.evm().is_ok(),
        open.solana().is_ok(),
        open.bitcoin().is_ok(),
        open.export(&proven, &client_key(), &SystemEntropy).is_ok(),
    ]
}

pub fn vault() -> Vault {
    new_vault()
}

/// The public key of RFC 7748, 6.1: any point that is none of small order.
pub fn client_key() -> Vec<u8> {
    crate::support::unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
}
