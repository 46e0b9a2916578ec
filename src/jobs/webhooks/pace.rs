//! How fast a webhook is told: by its own limit, and by how its receiver bears it.
//!
//! What fails is tried again one by one, by the schedule. Beside that a receiver at which nothing arrives any more is left
//! alone for a while, longer each time; what happens meanwhile waits in the log and costs nothing. Then a single
//! delivery finds out whether it is back. One that fails now and then, or mostly, is not: it would fall behind for ever.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Deliveries that are claimed at once for a webhook of which nothing is known, and at most.
const FIRST_WINDOW: u32 = 16;
const WIDEST_WINDOW: u32 = 256;
const NARROWEST_WINDOW: u32 = 8;
/// Failures in a row after which a receiver is left alone, and how many one counts for that says that it is too much.
const TRIPS_AFTER: u32 = 20;
const TOO_MUCH: u32 = 4;
/// For how long the first time; each time after it is twice as long, up to the longest.
const FIRST_REST: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(5);
/// Longer than an attempt may take.
const LONGEST_PROBE: SignedDuration = SignedDuration::from_mins(1);

/// The pace of one webhook on this node.
#[derive(Debug)]
pub(super) struct Pace {
    window: u32,
    /// Deliveries that were claimed and have not ended yet.
    under_way: u32,
    failures: u32,
    /// How often it was left alone since something last arrived.
    trips: u32,
    rests_until: Option<Timestamp>,
    /// Until when a single delivery has time to find out whether it is back.
    probed_until: Option<Timestamp>,
    per_second: Option<u32>,
    /// Thousandths of a delivery that may be claimed now, and when that was reckoned.
    saved: u64,
    reckoned_at: Timestamp,
    /// What this pace was learned with: somebody who changes the webhook may have mended it.
    pub learned_with: Timestamp,
}

impl Pace {
    pub fn new(per_second: Option<u32>, learned_with: Timestamp, now: Timestamp) -> Self {
        Self {
            window: FIRST_WINDOW,
            under_way: 0,
            failures: 0,
            trips: 0,
            rests_until: None,
            probed_until: None,
            per_second,
            saved: u64::from(per_second.unwrap_or_default()) * 1_000,
            reckoned_at: now,
            learned_with,
        }
    }

    /// Whether time has to pass, and not what is under way to end, before anything may be claimed.
    pub fn waits_for_time(&mut self, now: Timestamp) -> bool {
        self.allowed(now) == 0 && self.under_way < self.window()
    }

    /// How many may be under way at once.
    fn window(&self) -> u32 {
        if self.trips > 0 { 1 } else { self.window }
    }

    /// How many deliveries may be claimed now.
    pub fn allowed(&mut self, now: Timestamp) -> u32 {
        if self.rests_until.max(self.probed_until).is_some_and(|until| now < until) {
            return 0;
        }
        let window = self.window().saturating_sub(self.under_way);
        let Some(rate) = self.per_second else { return window };
        let passed = now.duration_since(self.reckoned_at);
        let millis = u64::try_from(passed.as_millis()).unwrap_or_default();
        if millis > 0 {
            // A second's worth is saved, no more.
            let most = u64::from(rate) * 1_000;
            self.saved = millis.saturating_mul(rate.into()).saturating_add(self.saved).min(most);
            self.reckoned_at = now;
        }
        window.min(u32::try_from(self.saved / 1_000).unwrap_or(u32::MAX))
    }

    /// So many were claimed.
    pub fn claimed(&mut self, count: u32, now: Timestamp) {
        if count > 0 && self.trips > 0 {
            self.probed_until = Some(now + LONGEST_PROBE);
        }
        self.under_way = self.under_way.saturating_add(count);
        self.saved = self.saved.saturating_sub(u64::from(count) * 1_000);
    }

    /// One that was claimed is not under way any more.
    pub fn ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// One arrived.
    pub fn arrived(&mut self) {
        self.ended();
        (self.failures, self.trips) = (0, 0);
        (self.rests_until, self.probed_until) = (None, None);
        self.window = (self.window + self.window / 2).min(WIDEST_WINDOW);
    }

    /// One failed; `wait` is there if the receiver said that it is too much, and for how long it asked to be left alone.
    /// Whether that is what now happens.
    pub fn failed(&mut self, wait: Option<Duration>, now: Timestamp) -> bool {
        self.ended();
        if self.rests_until.is_some_and(|until| now < until) {
            // It began before the rest.
            return false;
        }
        self.failures += if wait.is_some() { TOO_MUCH } else { 1 };
        self.window = (self.window - self.window / 4).max(NARROWEST_WINDOW);
        let asked = wait
            .and_then(|wait| SignedDuration::try_from(wait).ok())
            .unwrap_or_default();
        // Once it was left alone a single failure is enough.
        if self.failures < TRIPS_AFTER && self.trips == 0 && asked.is_zero() {
            return false;
        }
        let doubled = FIRST_REST * 2_i32.saturating_pow(self.trips.min(10));
        let rest = doubled.max(asked).min(LONGEST_REST);
        self.trips += 1;
        (self.failures, self.probed_until) = (0, None);
        self.rests_until = Some(now + rest);
        true
    }

    /// Whether it is left alone, or was and nothing arrived since.
    pub fn is_resting(&self) -> bool {
        self.trips > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn pace(per_second: Option<u32>) -> Pace {
        Pace::new(per_second, at(0), at(0))
    }

    #[test]
    fn what_arrives_widens_the_window_and_what_fails_narrows_it() {
        let mut pace = pace(None);
        assert_eq!(pace.allowed(at(0)), 16);
        for _ in 0..10 {
            pace.arrived();
        }
        assert_eq!(pace.allowed(at(0)), 256);
        assert!(!pace.failed(None, at(0)));
        assert_eq!(pace.allowed(at(0)), 192);
    }

    #[test]
    fn a_receiver_that_mostly_fails_is_not_left_alone() {
        let mut pace = pace(None);
        for _ in 0..1_000 {
            for _ in 0..15 {
                assert!(!pace.failed(None, at(0)));
            }
            pace.arrived();
        }
        assert_eq!(pace.allowed(at(0)), 12);
    }

    #[test]
    fn a_receiver_that_fails_again_and_again_is_left_alone_for_longer_each_time() {
        let mut pace = pace(None);
        for _ in 0..19 {
            assert!(!pace.failed(None, at(0)));
        }
        assert!(pace.failed(None, at(0)));
        // What was under way may fail as well, and says nothing new.
        assert!(!pace.failed(None, at(10)));
        assert_eq!(pace.allowed(at(4_999)), 0);
        assert_eq!(pace.allowed(at(5_000)), 1, "one finds out");
        pace.claimed(1, at(5_000));
        assert_eq!(pace.allowed(at(6_000)), 0, "and one alone");
        assert!(pace.failed(None, at(5_000)));
        assert_eq!((pace.allowed(at(14_999)), pace.allowed(at(15_000))), (0, 1));
        let mut now = 15_000;
        for _ in 0..20 {
            assert!(pace.failed(None, at(now)));
            now += 300_000;
            assert_eq!(pace.allowed(at(now)), 1, "never for more than five minutes");
        }
        pace.arrived();
        assert!(pace.allowed(at(now)) > 1 && !pace.is_resting());
    }

    #[test]
    fn no_more_is_under_way_than_the_window_is_wide() {
        let mut pace = pace(None);
        pace.claimed(16, at(0));
        assert_eq!(pace.allowed(at(0)), 0);
        pace.ended();
        assert_eq!(pace.allowed(at(0)), 1);
        pace.arrived();
        assert_eq!(pace.allowed(at(0)), 24 - 14);
    }

    #[test]
    fn a_receiver_may_ask_to_be_left_alone() {
        let mut pace = pace(None);
        for _ in 0..4 {
            assert!(!pace.failed(Some(Duration::ZERO), at(0)));
        }
        pace.arrived();
        assert!(pace.failed(Some(Duration::from_mins(1)), at(0)));
        assert_eq!((pace.allowed(at(59_999)), pace.allowed(at(60_000))), (0, 1));
        assert!(pace.failed(Some(Duration::from_hours(24)), at(60_000)));
        assert_eq!(pace.allowed(at(360_000)), 1);
    }

    #[test]
    fn a_limit_a_second_holds_and_is_not_saved_up() {
        let mut pace = pace(Some(10));
        assert_eq!(pace.allowed(at(0)), 10);
        pace.claimed(10, at(0));
        (0..10).for_each(|_| pace.arrived());
        assert_eq!(pace.allowed(at(0)), 0);
        assert_eq!(pace.allowed(at(50)), 0);
        assert_eq!(pace.allowed(at(100)), 1);
        pace.claimed(1, at(100));
        assert_eq!(pace.allowed(at(1_000_000)), 10);
    }
}
