//! The one container for secret bytes.

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Entropy;

/// Secret bytes of any length, wiped when dropped.
///
/// It has no `Debug`, `Display`, `Clone` or `==` on purpose: a secret cannot reach a log by
/// accident, is not copied unseen, and is compared with
/// [`constant_time_eq`](crate::constant_time_eq).
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over `bytes`. The buffer is moved, not copied, so no second copy stays behind.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes. The name is meant to stand out in a review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `len` fresh random bytes, written straight to the heap so that moving the value leaves no
    /// copy on the stack.
    pub(crate) fn random(len: usize, entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new(vec![0; len]);
        entropy.fill(&mut bytes);
        Self(bytes)
    }
}

impl ZeroizeOnDrop for Secret {}
