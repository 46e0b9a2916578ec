//! The key-encryption key in use, and those that went before it.

use std::sync::Arc;

use crate::{Entropy, Kms, KmsError, Secret};

/// A [`Kms`] that wraps with one key and opens what that or an older one wrapped: for as long as it takes to wrap
/// everything anew.
///
/// Every value says which key wrapped it, so none is guessed at.
pub struct KekRing {
    current: Arc<dyn Kms>,
    others: Vec<Arc<dyn Kms>>,
}

impl KekRing {
    /// The key that wraps, and those that only open.
    #[must_use]
    pub fn new(current: Arc<dyn Kms>, others: Vec<Arc<dyn Kms>>) -> Self {
        Self { current, others }
    }
}

impl Kms for KekRing {
    /// That of the key that wraps.
    fn id(&self) -> &str {
        self.current.id()
    }

    fn wrapped(&self, value: &[u8]) -> bool {
        self.current.wrapped(value)
    }

    fn wrap(&self, aad: &[u8], plaintext: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
        self.current.wrap(aad, plaintext, entropy)
    }

    fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
        let older = || self.others.iter().find(|other| other.wrapped(wrapped));
        let by = if self.current.wrapped(wrapped) { None } else { older() };
        by.unwrap_or(&self.current).unwrap_key(aad, wrapped)
    }
}
