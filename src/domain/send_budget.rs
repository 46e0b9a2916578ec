//! How often codes are sent: the rule that decides, apart from where its numbers are kept.
//!
//! A destination has a budget by the hour and by the day. Whoever asks from a network that the destination was never
//! proven from may use up half of it, so that no stranger can take it all from the owner; that holds for every
//! destination alike, so that a refusal says nothing about it.

use jiff::{SignedDuration, Timestamp};

/// How many sends there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendLimits {
    /// To one destination by one app in a minute.
    pub per_minute: u32,
    /// To one destination in an hour.
    pub per_hour: u32,
    /// To one destination in a day.
    pub per_day: u32,
    /// From one network in an hour.
    pub per_network_hour: u32,
}

/// A send of the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastSend {
    /// When.
    pub at: Timestamp,
    /// Whether it was asked for from a network that the destination was proven from.
    pub familiar: bool,
    /// Whether the same app asked.
    pub same_app: bool,
}

/// Until when a send has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub Timestamp);

/// Wrong codes of the last hour for one destination, by who had asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrongCodes {
    /// From networks that the destination was never proven from.
    pub strange: u32,
    /// From the others.
    pub familiar: u32,
}

impl WrongCodes {
    /// Whether whoever asks next gets a longer code, because `most` wrong ones in an hour are too many. Strangers may use
    /// up half of them; the rest is the owner's.
    #[must_use]
    pub fn are_too_many(self, familiar: bool, most: u32) -> bool {
        let theirs = self.strange.min(half(most));
        if familiar {
            theirs.saturating_add(self.familiar) >= most.max(1)
        } else {
            self.strange >= half(most) || self.strange.saturating_add(self.familiar) >= most
        }
    }
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl SendLimits {
    /// Decides on a send now. `to_destination` are the sends of the last day to the same destination,
    /// `from_network` the times of those of the last hour from the same network, both in any order.
    ///
    /// # Errors
    /// When the send would be admitted.
    pub fn admit(
        &self,
        now: Timestamp,
        familiar: bool,
        to_destination: &[PastSend],
        from_network: &[Timestamp],
    ) -> Result<(), Wait> {
        let times = |wanted: &dyn Fn(&PastSend) -> bool| -> Vec<Timestamp> {
            let chosen = to_destination.iter().filter(|send| wanted(send));
            chosen.map(|send| send.at).collect()
        };
        let all = times(&|_| true);
        // What strangers have used; the owner's own sends never count against a stranger's half.
        let strange = times(&|send| !send.familiar);
        let mut windows = vec![
            (times(&|send| send.same_app), MINUTE, self.per_minute),
            (from_network.to_vec(), HOUR, self.per_network_hour),
            (all.clone(), HOUR, self.per_hour),
            (all, DAY, self.per_day),
        ];
        if !familiar {
            windows.push((strange.clone(), HOUR, half(self.per_hour)));
            windows.push((strange, DAY, half(self.per_day)));
        }
        let waits = windows
            .into_iter()
            .filter_map(|(times, window, most)| free_at(times, window, most, now));
        waits.max().map_or(Ok(()), |until| Err(Wait(until)))
    }
}

/// Half, rounded up: one send is never none.
fn half(most: u32) -> u32 {
    most.div_ceil(2)
}

/// When a window has room again, if it has none now.
fn free_at(mut times: Vec<Timestamp>, window: SignedDuration, most: u32, now: Timestamp) -> Option<Timestamp> {
    times.retain(|at| *at + window > now);
    if times.len() < most as usize {
        return None;
    }
    times.sort();
    // The one whose leaving makes room.
    let leaving = times.len() - most as usize;
    Some(times.get(leaving).map_or(now + window, |at| *at + window))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: SendLimits = SendLimits {
        per_minute: 1,
        per_hour: 5,
        per_day: 10,
        per_network_hour: 20,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn sends(times: &[i64], familiar: bool) -> Vec<PastSend> {
        let send = |seconds: &i64| PastSend {
            at: at(*seconds),
            familiar,
            same_app: true,
        };
        times.iter().map(send).collect()
    }

    #[test]
    fn the_next_minute_is_free_again() {
        let past = sends(&[0], false);
        assert_eq!(LIMITS.admit(at(59), false, &past, &[]), Err(Wait(at(60))));
        assert_eq!(LIMITS.admit(at(60), false, &past, &[]), Ok(()));
    }

    #[test]
    fn another_app_does_not_wait_for_the_minute() {
        let mut past = sends(&[0], false);
        past[0].same_app = false;
        assert_eq!(LIMITS.admit(at(1), false, &past, &[]), Ok(()));
    }

    #[test]
    fn strangers_leave_half_to_the_owner() {
        let past = sends(&[0, 100, 200], false);
        assert_eq!(LIMITS.admit(at(300), false, &past, &[]), Err(Wait(at(3_600))));
        assert_eq!(LIMITS.admit(at(300), true, &past, &[]), Ok(()));
    }

    #[test]
    fn strangers_guess_away_no_more_than_their_half() {
        let wrong = |strange, familiar| WrongCodes { strange, familiar };
        for (codes, of_owner, of_stranger) in [
            (wrong(0, 0), false, false),
            (wrong(4, 0), false, false),
            (wrong(5, 0), false, true),
            (wrong(1_000, 4), false, true),
            (wrong(1_000, 5), true, true),
            (wrong(0, 9), false, false),
            (wrong(0, 10), true, true),
        ] {
            assert_eq!(codes.are_too_many(true, 10), of_owner, "{codes:?}");
            assert_eq!(codes.are_too_many(false, 10), of_stranger, "{codes:?}");
        }
    }

    #[test]
    fn a_network_is_bounded_over_all_destinations() {
        let past: Vec<_> = (0..20).map(at).collect();
        assert_eq!(LIMITS.admit(at(30), true, &[], &past), Err(Wait(at(3_600))));
        assert_eq!(LIMITS.admit(at(3_600), true, &[], &past), Ok(()));
    }

    proptest! {
        /// However somebody asks: strangers never get more than half, and the owner always gets the other half.
        #[test]
        fn the_owners_share_is_never_used_up(steps in proptest::collection::vec(1..4_000_i64, 1..60)) {
            let (mut now, mut past) = (0, Vec::<PastSend>::new());
            for step in steps {
                now += step;
                while LIMITS.admit(at(now), false, &past, &[]).is_ok() {
                    past.push(PastSend { at: at(now), familiar: false, same_app: false });
                }
                for (window, most) in [(3_600, LIMITS.per_hour), (86_400, LIMITS.per_day)] {
                    let held = past.iter().filter(|send| send.at > at(now - window)).count();
                    prop_assert!(held <= half(most) as usize, "{held} in {window}");
                }
                prop_assert_eq!(LIMITS.admit(at(now), true, &past, &[]), Ok(()));
            }
        }

        /// What is refused is admitted at the very moment that was named, and not before.
        #[test]
        fn the_wait_is_exact(times in proptest::collection::vec(0..90_000_i64, 0..14), familiar: bool) {
            let now = at(90_000);
            let past = sends(&times, false);
            if let Err(Wait(until)) = LIMITS.admit(now, familiar, &past, &[]) {
                prop_assert!(until > now);
                prop_assert_eq!(LIMITS.admit(until, familiar, &past, &[]), Ok(()));
                prop_assert!(LIMITS.admit(until - SignedDuration::from_micros(1), familiar, &past, &[]).is_err());
            }
        }
    }
}
