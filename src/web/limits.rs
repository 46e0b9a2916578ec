//! Requests per minute and key, in an exact sliding window on this node.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

const WINDOW_MILLIS: i64 = 60_000;
/// Keys that were not used for a window are forgotten once there are more than this.
const MANY: usize = 10_000;

/// What the limit says of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go on.
    pub allowed: bool,
    /// Requests per minute.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// Seconds until one more is allowed (when none is left) or until the window is empty again.
    pub reset: u32,
    /// The same as a Unix time.
    pub reset_at: i64,
}

/// Counts requests per key. Several nodes each count for themselves; budgets that they share will be leased
/// through the store behind this same call.
#[derive(Default)]
pub struct Limits {
    windows: Mutex<Windows>,
}

#[derive(Default)]
struct Windows {
    by_key: HashMap<Uuid, Window>,
    swept_at: i64,
}

#[derive(Default)]
struct Window {
    /// Admitted requests by the millisecond they came in, so that a limit of millions stays small.
    admitted: VecDeque<(i64, u32)>,
    count: u32,
}

impl Limits {
    /// Counts one request of a key.
    pub fn admit(&self, key: Uuid, limit: u32, now: Timestamp) -> Decision {
        let now = now.as_millisecond();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.by_key.len() > MANY && windows.swept_at + WINDOW_MILLIS <= now {
            windows.swept_at = now;
            windows
                .by_key
                .retain(|_, window| window.admitted.back().is_some_and(|(at, _)| at + WINDOW_MILLIS > now));
        }
        windows.by_key.entry(key).or_default().admit(limit, now)
    }
}

impl Window {
    fn admit(&mut self, limit: u32, now: i64) -> Decision {
        while let Some((at, count)) = self.admitted.front().copied() {
            if at + WINDOW_MILLIS > now {
                break;
            }
            self.admitted.pop_front();
            self.count -= count;
        }
        let allowed = self.count < limit;
        if allowed {
            self.count += 1;
            match self.admitted.back_mut() {
                Some((at, count)) if *at >= now => *count += 1,
                _ => self.admitted.push_back((now, 1)),
            }
        }
        let remaining = limit.saturating_sub(self.count);
        let turning = if remaining == 0 {
            self.admitted.front()
        } else {
            self.admitted.back()
        };
        let reset_millis = turning
            .map_or(WINDOW_MILLIS, |(at, _)| at + WINDOW_MILLIS - now)
            .clamp(0, WINDOW_MILLIS);
        let reset = u32::try_from((reset_millis + 999) / 1_000).unwrap_or_default();
        Decision {
            allowed,
            limit,
            remaining,
            reset,
            reset_at: (now + reset_millis + 999) / 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_refused_request_is_told_when_to_come_back_and_that_is_true() {
        let (limits, key) = (Limits::default(), Uuid::from_u128(1));
        assert!(limits.admit(key, 2, at(0)).allowed);
        assert!(limits.admit(key, 2, at(30_000)).allowed);
        let refused = limits.admit(key, 2, at(30_500));
        assert_eq!((refused.allowed, refused.remaining, refused.reset), (false, 0, 30));
        assert!(!limits.admit(key, 2, at(59_999)).allowed);
        assert!(limits.admit(key, 2, at(60_000)).allowed);
        assert!(limits.admit(Uuid::from_u128(2), 2, at(60_000)).allowed);
    }

    proptest! {
        /// However requests fall, no minute holds more admitted ones than the limit, and none is refused while there is room.
        #[test]
        fn no_minute_holds_more_than_the_limit(limit in 1..20_u32, steps in proptest::collection::vec(0..9_000_i64, 1..200)) {
            let (limits, key) = (Limits::default(), Uuid::from_u128(1));
            let (mut now, mut admitted) = (0, Vec::<i64>::new());
            for step in steps {
                now += step;
                let held = admitted.iter().filter(|then| **then > now - WINDOW_MILLIS).count();
                let decision = limits.admit(key, limit, at(now));
                prop_assert_eq!(decision.allowed, held < limit as usize);
                if decision.allowed {
                    admitted.push(now);
                }
            }
        }
    }
}
