//! What a key service unwrapped stays here for a while: each signature would else be a call over the network, and a service
//! that is away for a minute would stop every wallet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aboard_vault::{Entropy, Kms, KmsError, Secret, sha256};
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// How long: whoever takes this server's right to the key away stops it after this.
const KEPT: SignedDuration = SignedDuration::from_mins(5);
/// As many keys as are kept: 32 bytes each.
const MOST: usize = 10_000;

/// A key service with a memory. Of a shared wallet it keeps the server's half alone, which opens nothing.
pub struct Remembering {
    service: Arc<dyn Kms>,
    clock: Clock,
    known: Mutex<HashMap<[u8; 32], (Timestamp, Secret)>>,
}

impl Remembering {
    /// Remembers what this service unwraps.
    pub fn new(service: Arc<dyn Kms>, clock: &Clock) -> Self {
        Self {
            service,
            clock: clock.clone(),
            known: Mutex::default(),
        }
    }

    fn recall(&self, id: &[u8; 32], now: Timestamp) -> Option<Secret> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, secret) = known.get(id)?;
        (*until > now).then(|| copy(secret))
    }

    fn keep(&self, id: [u8; 32], secret: &Secret, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (until, _)| *until > now);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(id, (now + KEPT, copy(secret)));
    }
}

fn copy(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}

impl Kms for Remembering {
    fn id(&self) -> &str {
        self.service.id()
    }

    fn wrapped(&self, value: &[u8]) -> bool {
        self.service.wrapped(value)
    }

    fn wrap(&self, aad: &[u8], plaintext: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
        self.service.wrap(aad, plaintext, entropy)
    }

    fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
        let now = self.clock.now();
        let id = sha256(&[&(aad.len() as u64).to_be_bytes()[..], aad, wrapped].concat());
        if let Some(secret) = self.recall(&id, now) {
            return Ok(secret);
        }
        let secret = self.service.unwrap_key(aad, wrapped)?;
        self.keep(id, &secret, now);
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use aboard_vault::SystemEntropy;

    use super::*;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Kms for Counting {
        fn id(&self) -> &'static str {
            "counting"
        }

        fn wrapped(&self, _: &[u8]) -> bool {
            true
        }

        fn wrap(&self, _: &[u8], plaintext: &[u8], _: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
            Ok(plaintext.to_vec())
        }

        fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if aad.is_empty() {
                return Err(KmsError::Refused);
            }
            Ok(Secret::new(wrapped.to_vec()))
        }
    }

    #[test]
    fn what_was_unwrapped_is_asked_for_again_only_after_a_while() {
        let time = Arc::new(AtomicI64::new(1_800_000_000_000_000));
        let service = Arc::new(Counting::default());
        let kms = Remembering::new(service.clone(), &Clock::Manual(Arc::clone(&time)));
        let asked = || service.0.load(Ordering::Relaxed);
        let wrapped = kms.wrap(b"here", b"key", &SystemEntropy).unwrap();
        for _ in 0..3 {
            assert_eq!(kms.unwrap_key(b"here", &wrapped).ok().unwrap().expose(), b"key");
        }
        assert_eq!(asked(), 1);
        // Another place is another question, and a refusal is no answer to keep.
        kms.unwrap_key(b"there", &wrapped).ok().unwrap();
        for _ in 0..2 {
            assert_eq!(kms.unwrap_key(b"", &wrapped).err(), Some(KmsError::Refused));
        }
        assert_eq!(asked(), 4);
        time.fetch_add(5 * 60 * 1_000_000, Ordering::SeqCst);
        kms.unwrap_key(b"here", &wrapped).ok().unwrap();
        assert_eq!(asked(), 5);
    }
}
