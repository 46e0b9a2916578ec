//! Passwords: argon2id, off the threads that serve requests, and not many at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use super::Failure;
use super::limits::Who;
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
/// Those of one address: whoever sends many passwords leaves the others a place.
const OF_ADDRESS: usize = 8;
/// Those of one client secret: everybody who logs in through a back end.
const OF_KEY: usize = 17;

/// Makes and compares hashes of passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    line: Arc<Mutex<Line>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            line: Arc::default(),
        }
    }
}

/// Who waits or hashes, and how many of whom.
#[derive(Default)]
struct Line {
    all: usize,
    of: HashMap<Who, usize>,
}

/// A caller that waits or hashes.
struct Here {
    line: Arc<Mutex<Line>>,
    who: Who,
}

impl Here {
    /// A place in the line; `None` if there is none, or none for this caller.
    fn take(line: &Arc<Mutex<Line>>, who: Who) -> Option<Self> {
        let share = match who {
            Who::Address(_) => OF_ADDRESS,
            Who::Key(_) => OF_KEY,
        };
        let mut waiting = line.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = waiting.of.get(&who).copied().unwrap_or_default();
        if waiting.all >= AT_ONCE + WAITING || theirs >= share {
            return None;
        }
        waiting.all += 1;
        waiting.of.insert(who, theirs + 1);
        Some(Self {
            line: Arc::clone(line),
            who,
        })
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut waiting = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.all = waiting.all.saturating_sub(1);
        if let Some(theirs) = waiting.of.get_mut(&self.who) {
            *theirs = theirs.saturating_sub(1);
            if *theirs == 0 {
                waiting.of.remove(&self.who);
            }
        }
    }
}

impl Passwords {
    /// The hash of a password that somebody sent, as text with its parameters.
    pub async fn hash(&self, who: Who, password: Password, salt: [u8; 16]) -> Result<String, Failure> {
        self.run(who, move || {
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
    pub async fn is_right(&self, who: Who, password: Password, stored: Option<String>) -> Result<bool, Failure> {
        self.run(who, move || {
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

    /// Work for somebody that is as heavy as a hash: it takes its turn among them.
    pub async fn run<T: Send + 'static>(
        &self,
        who: Who,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let here = Here::take(&self.line, who).ok_or_else(|| Failure {
            retry_after: Some(1),
            ..Failure::new(Code::RateLimited)
                .saying("Too many people log in with a password or a PIN right now. Try again in a moment.")
        })?;
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
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn typed(text: &str) -> Password {
        Password::typed(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords
            .hash(address(1), typed("correct horse"), [7; 16])
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = async |text: &str, hash: Option<&str>| {
            let hash = hash.map(str::to_owned);
            passwords.is_right(address(1), typed(text), hash).await.unwrap()
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
        let empty = passwords.hash(address(1), typed(""), [7; 16]).await.unwrap();
        assert!(!right(&"x".repeat(2_000), Some(&empty)).await);
    }

    async fn ask(passwords: Passwords, who: Who) -> Result<bool, Failure> {
        passwords.is_right(who, typed("x"), None).await
    }

    /// How many of these callers get a place while nobody's turn comes; the last one's refusal, if it is refused.
    async fn places(callers: impl IntoIterator<Item = Who>) -> (usize, Option<Failure>) {
        let passwords = Passwords::default();
        let _all = passwords.turns.clone().acquire_many_owned(2).await.unwrap();
        let (mut waiting, mut refused) = (Vec::new(), None);
        for who in callers {
            let before = passwords.line.lock().unwrap().all;
            let mut asking = Box::pin(ask(passwords.clone(), who));
            match asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => refused = answer.err(),
                Poll::Pending => {
                    assert_eq!(passwords.line.lock().unwrap().all, before + 1);
                    refused = None;
                    waiting.push(asking);
                }
            }
        }
        let placed = waiting.len();
        drop(waiting);
        let left = passwords.line.lock().unwrap();
        assert_eq!((left.all, left.of.len()), (0, 0));
        (placed, refused)
    }

    fn address(last: u8) -> Who {
        Who::at([203, 0, 113, last].into())
    }

    #[tokio::test]
    async fn too_many_at_once_are_sent_away() {
        let (placed, refused) = places((0..=34).map(address)).await;
        let refused = refused.expect("there is no place left");
        assert_eq!(
            (placed, refused.code, refused.retry_after),
            (AT_ONCE + WAITING, Code::RateLimited, Some(1))
        );
    }

    #[tokio::test]
    async fn one_address_leaves_the_others_their_place() {
        let flood = std::iter::repeat_n(address(1), 40);
        let (placed, last) = places(flood.clone().chain([address(2)])).await;
        assert_eq!((placed, last.is_none()), (OF_ADDRESS + 1, true));
        let back_end = std::iter::repeat_n(Who::Key(uuid::Uuid::nil()), 40);
        let (placed, last) = places(flood.chain(back_end).chain([address(2)])).await;
        assert_eq!((placed, last.is_none()), (OF_ADDRESS + OF_KEY + 1, true));
    }
}
