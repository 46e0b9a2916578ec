//! Passwords: argon2id, off the threads that serve requests, and not many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use super::Failure;
use crate::domain::{Code, Password};

/// OWASP's first choice: 19 MiB, two rounds, one lane; some 17 ms.
const MEMORY_KIB: u32 = 19 << 10;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;
/// A hash of other parameters may stand in a row, as long as nobody wrote it to stop us.
const MOST_MEMORY_KIB: u32 = 64 << 10;
const MOST_ROUNDS: u32 = 8;
const HASH_BYTES: usize = 32;
/// Hashes that are made at once: each takes a core and its memory.
const AT_ONCE: usize = 2;
/// Callers that wait for their turn, some tens of milliseconds each; more are sent away.
const WAITING: usize = 32;

/// Makes and compares hashes of passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    here: Arc<AtomicUsize>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            here: Arc::default(),
        }
    }
}

/// A caller that waits or hashes.
struct Here(Arc<AtomicUsize>);

impl Drop for Here {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Passwords {
    /// The hash of a password, as text with its parameters.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, Failure> {
        self.run(move || {
            let hash = derive(&password, &salt, MEMORY_KIB, ROUNDS, LANES)?;
            Some(format!(
                "$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}${}${}",
                STANDARD_NO_PAD.encode(salt),
                STANDARD_NO_PAD.encode(hash)
            ))
        })
        .await?
        .ok_or_else(|| Failure::internal("a password cannot be hashed"))
    }

    /// Whether a password is the one of a hash. Without a hash it is not, after the same time.
    pub async fn is_right(&self, password: Password, stored: Option<String>) -> Result<bool, Failure> {
        self.run(move || {
            let parsed = stored.as_deref().map(parse);
            let known = matches!(parsed, Some(Some(_)));
            let (memory, rounds, lanes, salt, expected) =
                parsed
                    .flatten()
                    .unwrap_or((MEMORY_KIB, ROUNDS, LANES, vec![0; 16], vec![0; HASH_BYTES]));
            let derived = derive(&password, &salt, memory, rounds, lanes)?;
            Some(aboard_vault::constant_time_eq(&derived, &expected) && known && password.can_be_right())
        })
        .await?
        .ok_or_else(|| Failure::internal("a password cannot be compared"))
    }

    /// Work that is as heavy as a hash: it takes its turn among them.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let before = self.here.fetch_add(1, Ordering::AcqRel);
        let here = Here(Arc::clone(&self.here));
        if before >= AT_ONCE + WAITING {
            return Err(Failure {
                retry_after: Some(1),
                ..Failure::new(Code::RateLimited)
                    .saying("Too many people log in with a password or a PIN right now. Try again in a moment.")
            });
        }
        let turns = Arc::clone(&self.turns);
        let turn = turns
            .acquire_owned()
            .await
            .map_err(|_| Failure::internal("no more passwords are hashed"))?;
        let done = tokio::task::spawn_blocking(move || {
            // A caller that went away keeps its turn until its hash is made: that is what takes the core.
            let _held = (turn, here);
            work()
        });
        done.await
            .map_err(|_| Failure::internal("hashing a password was broken off"))
    }
}

fn derive(password: &Password, salt: &[u8], memory: u32, rounds: u32, lanes: u32) -> Option<[u8; HASH_BYTES]> {
    let params = Params::new(memory, rounds, lanes, Some(HASH_BYTES)).ok()?;
    let mut hash = [0; HASH_BYTES];
    // What nobody can have chosen takes the time of any other.
    let text = if password.can_be_right() { password.expose() } else { "" };
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

type Stored = (u32, u32, u32, Vec<u8>, Vec<u8>);

/// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
fn parse(text: &str) -> Option<Stored> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let mut numbers = parts.next()?.split(',');
    let mut number = |name: &str| numbers.next()?.strip_prefix(name)?.parse::<u32>().ok();
    let (memory, rounds, lanes) = (number("m=")?, number("t=")?, number("p=")?);
    let mut bytes = || STANDARD_NO_PAD.decode(parts.next()?).ok();
    let (salt, hash) = (bytes()?, bytes()?);
    let bounded = memory <= MOST_MEMORY_KIB && rounds <= MOST_ROUNDS && lanes == LANES && hash.len() == HASH_BYTES;
    bounded.then_some((memory, rounds, lanes, salt, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Password {
        Password::typed(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash(typed("correct horse"), [7; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = async |text: &str, hash: Option<&str>| {
            let hash = hash.map(str::to_owned);
            passwords.is_right(typed(text), hash).await.unwrap()
        };
        assert!(right("correct horse", Some(&hash)).await);
        assert!(!right("correct horsf", Some(&hash)).await);
        assert!(!right("", Some(&hash)).await);
        assert!(!right("correct horse", None).await);
        // A row that somebody spoiled lets nobody in, and stops nothing.
        for spoiled in [
            "",
            "$argon2id$v=19$m=4294967295,t=2,p=1$AAAA$AAAA",
            &hash.replace("m=19456", "m=8"),
        ] {
            assert!(!right("correct horse", Some(spoiled)).await, "{spoiled}");
        }
        // Nobody can have chosen the empty password, which what is too long is hashed as.
        let empty = passwords.hash(typed(""), [7; 16]).await.unwrap();
        assert!(!right(&"x".repeat(2_000), Some(&empty)).await);
    }

    #[tokio::test]
    async fn too_many_at_once_are_sent_away() {
        let passwords = Passwords::default();
        let _all = passwords.turns.clone().acquire_many_owned(2).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..AT_ONCE + WAITING {
            let passwords = passwords.clone();
            waiting.push(tokio::spawn(async move { passwords.is_right(typed("x"), None).await }));
        }
        while passwords.here.load(Ordering::Acquire) < AT_ONCE + WAITING {
            tokio::task::yield_now().await;
        }
        let refused = passwords.is_right(typed("x"), None).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (Code::RateLimited, Some(1)));
        for one in &waiting {
            one.abort();
        }
    }
}
