//! What the tests share.

use std::{cell::Cell, sync::Arc};

use aboard_vault::{Aad, Entropy, KeyFile, Purpose, RootKey, SystemEntropy, Vault};

/// 0, 1, 2, … for golden values.
#[derive(Default)]
pub struct Counting(Cell<u8>);

impl Entropy for Counting {
    fn fill(&self, out: &mut [u8]) {
        for byte in out {
            *byte = self.0.get();
            self.0.set(byte.wrapping_add(1));
        }
    }
}

pub const PLACE: Aad = Aad {
    table: "webhooks",
    column: "secret",
    environment: [1; 16],
    row: [2; 16],
};

pub fn key_file() -> KeyFile {
    KeyFile::generate(&SystemEntropy)
}

/// One key per purpose; all have the id `[0xaa; 16]`.
pub fn root_keys(entropy: &dyn Entropy) -> Vec<RootKey> {
    let key = |purpose: &Purpose| RootKey::generate([0xaa; 16], *purpose, entropy);
    Purpose::ALL.iter().map(key).collect()
}

pub fn new_vault() -> Vault {
    vault_of(root_keys(&SystemEntropy))
}

pub fn vault_of(keys: Vec<RootKey>) -> Vault {
    Vault::new(Arc::new(key_file()), keys).unwrap()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// `bytes` with each single bit flipped in turn.
pub fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}
