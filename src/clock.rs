//! Time and randomness, injected: the only place that asks the machine for either.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aboard_vault::{Entropy, SystemEntropy};
use jiff::Timestamp;
use uuid::Uuid;
use zeroize::Zeroize as _;

/// What time it is, to the microsecond.
#[derive(Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that tests move: microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let micros = match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that reads the machine's clock"
            )]
            Self::System => Timestamp::now().as_microsecond(),
            Self::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock forward; the machine's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

/// How long something took, for measurements only; never for a decision that a test asserts.
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_BYTES], left: 0 }) };
}
const POOL_BYTES: usize = 1_024;

/// Random bytes of this thread that nobody has had yet. The system's generator costs about a microsecond a call
/// however little it gives, and a new user takes a dozen ids and secrets.
struct Pool {
    bytes: [u8; POOL_BYTES],
    left: usize,
}

impl Pool {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        if N > POOL_BYTES {
            return SystemEntropy.array();
        }
        if self.left < N {
            SystemEntropy.fill(&mut self.bytes);
            self.left = POOL_BYTES;
        }
        let given = &mut self.bytes[self.left - N..self.left];
        let mut taken = [0; N];
        taken.copy_from_slice(given);
        // What was given is a secret of somebody else now.
        given.zeroize();
        self.left -= N;
        taken
    }
}

/// Makes ids and secrets.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    last: Arc<AtomicU64>,
}

impl Ids {
    /// Ids of a clock's time.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            last: Arc::default(),
        }
    }

    /// A new `UUIDv7` (RFC 9562): milliseconds, then a counter that keeps ids of one process in order, then 62
    /// random bits.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or_default();
        // Milliseconds and a 12-bit counter in one number that only grows.
        let start = millis << 12;
        let tick = |last: u64| Some(if last >= start { last + 1 } else { start });
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, tick)
            .unwrap_or(start);
        let tick = if last >= start { last + 1 } else { start };
        let mut bytes: [u8; 16] = self.secret();
        bytes[..6].copy_from_slice(&(tick >> 12).to_be_bytes()[2..]);
        let counter = u16::try_from(tick & 0xfff).unwrap_or_default();
        bytes[6..8].copy_from_slice(&(0x7000 | counter).to_be_bytes());
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Uuid::from_bytes(bytes)
    }

    /// Fresh random bytes.
    #[must_use]
    pub fn secret<const N: usize>(&self) -> [u8; N] {
        POOL.with_borrow_mut(Pool::take)
    }

    /// The source of randomness, for sealing.
    #[must_use]
    pub fn entropy(&self) -> &'static dyn Entropy {
        &SystemEntropy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_repeat_when_the_pool_is_filled_again() {
        let ids = Ids::new(Clock::System);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(ids.secret::<16>()));
            assert!(seen.insert(ids.secret::<32>()[..16].try_into().unwrap()));
        }
    }

    #[test]
    fn ids_grow_even_when_the_clock_stands_still_or_goes_back() {
        let micros = Arc::new(AtomicI64::new(1_800_000_000_000_000));
        let ids = Ids::new(Clock::Manual(Arc::clone(&micros)));
        let mut last = ids.id();
        for step in 0..10_000 {
            if step == 5_000 {
                micros.store(1_700_000_000_000_000, Ordering::SeqCst);
            }
            let next = ids.id();
            assert!(next > last);
            assert_eq!(next.get_version_num(), 7);
            last = next;
        }
    }
}
