//! Randomness as a parameter, so that tests can fix it.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// A source of random bytes, used as `&dyn Entropy`.
///
/// Everything in this crate that needs randomness asks for one. Product code passes
/// [`SystemEntropy`]; a predictable source belongs in tests only, because keys and salts come
/// from it.
pub trait Entropy {
    /// Overwrites all of `out` with random bytes.
    fn fill(&self, out: &mut [u8]);

    /// `N` random bytes. On a `&dyn Entropy`, write `Entropy::array(&entropy)`.
    fn array<const N: usize>(&self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

impl<E: Entropy + ?Sized> Entropy for &E {
    fn fill(&self, out: &mut [u8]) {
        (**self).fill(out);
    }
}

/// The operating system's randomness through AWS-LC's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// If the system has no randomness to give. There is no safe way to go on: a key or a salt
    /// made of zeros would be worse than a stopped server.
    fn fill(&self, out: &mut [u8]) {
        SystemRandom::new()
            .fill(out)
            .expect("AWS-LC itself aborts the process before it reports missing randomness");
    }
}
