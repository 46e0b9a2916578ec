//! Tokens whose signature this node knows to be good.

use std::sync::{Mutex, PoisonError};

use aboard_vault::sha256;

/// How many are remembered: 2 MiB.
const SLOTS: usize = 1 << 16;

/// Tokens that this node signed or has checked before, so that the curve's work is done once for each.
///
/// Only the signature is remembered: whether the key still passes, the end and the kind of a token are looked at every
/// time. A token names its key itself, so that the same text was always signed by the same key. Those that meet in a slot
/// replace each other; nothing but a good signature gets in.
pub struct Verified(Mutex<Vec<[u8; 32]>>);

impl Default for Verified {
    fn default() -> Self {
        Self(Mutex::new(vec![[0; 32]; SLOTS]))
    }
}

impl Verified {
    /// Remembers a token.
    pub fn add(&self, token: &str) {
        let (slot, digest) = place(token);
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[slot] = digest;
    }

    /// Whether this very text was found to be signed.
    pub fn contains(&self, token: &str) -> bool {
        let (slot, digest) = place(token);
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[slot] == digest
    }
}

fn place(token: &str) -> (usize, [u8; 32]) {
    let digest = sha256(token.as_bytes());
    let slot = usize::from(u16::from_le_bytes([digest[0], digest[1]]));
    (slot, digest)
}
