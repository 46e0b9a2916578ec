//! Randomness that can be had again.

use std::cell::Cell;

use aboard_vault::{Entropy, sha256};

/// SHA-256 of a seed and a counter.
pub struct Random {
    seed: [u8; 32],
    counter: Cell<u64>,
}

impl Random {
    pub fn new(seed: &[u8]) -> Self {
        Self {
            seed: sha256(seed),
            counter: Cell::new(0),
        }
    }

    pub fn u64(&self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A number of up to 64 bits, the small ones as likely as the large ones.
    pub fn number(&self) -> u64 {
        self.u64() >> (self.u64() % 64)
    }

    pub fn below(&self, end: u64) -> u64 {
        self.u64() % end
    }

    pub fn flip(&self) -> bool {
        self.below(2) == 0
    }

    pub fn bytes(&self, most: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.below(most + 1)).unwrap()];
        self.fill(&mut bytes);
        bytes
    }

    /// Some text, not all of it ASCII.
    pub fn text(&self) -> String {
        let letters: Vec<char> = "abc XYZ 0189 \u{e9}\u{df}\u{4e2d}\u{1f600}\n\"\\{}".chars().collect();
        let count = letters.len() as u64;
        (0..self.below(40))
            .map(|_| letters[usize::try_from(self.below(count)).unwrap()])
            .collect()
    }
}

impl Entropy for Random {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let counter = self.counter.get();
            self.counter.set(counter + 1);
            let block = sha256(&[&self.seed[..], &counter.to_le_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
