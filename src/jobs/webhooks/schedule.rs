//! When a delivery that failed is tried again.

use std::time::Duration;

/// The pause after an attempt that failed, when `attempts` were made before it; `None` when the schedule is
/// used up.
///
/// Up to a tenth is added or taken by `random`, so that what failed together does not come back together. A
/// receiver may ask for more time than the schedule gives (`Retry-After`) and gets it, up to twice that time.
pub(super) fn pause(
    schedule: &[Duration],
    attempts: u32,
    retry_after: Option<Duration>,
    random: [u8; 8],
) -> Option<Duration> {
    let planned = *schedule.get(usize::try_from(attempts).ok()?)?;
    let most = planned.saturating_mul(2);
    let asked = retry_after.map(|asked| asked.clamp(planned, most));
    // Tenths of a permille, from 9,000 to 11,000; never earlier than asked for.
    let spread = u32::try_from(u64::from_be_bytes(random) % 2_001).unwrap_or_default();
    let share = if asked.is_some() {
        10_000 + spread / 2
    } else {
        9_000 + spread
    };
    let pause = asked.unwrap_or(planned).saturating_mul(share) / 10_000;
    Some(pause.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn there_are_eight_attempts() {
        let schedule = crate::config::Config::load(&crate::config::Sources::default())
            .unwrap()
            .webhooks
            .retry_schedule
            .pauses();
        let pauses = (0..).map_while(|attempts| pause(&schedule, attempts, None, [0; 8]));
        assert_eq!(pauses.count(), 7);
    }

    proptest! {
        #[test]
        fn jitter_stays_within_a_tenth(attempts in 0..7_u32, random: [u8; 8]) {
            let schedule = crate::config::Config::load(&crate::config::Sources::default()).unwrap().webhooks.retry_schedule.pauses();
            let planned = schedule[attempts as usize];
            let pause = pause(&schedule, attempts, None, random).unwrap();
            prop_assert!(pause >= planned * 9 / 10 && pause <= planned * 11 / 10, "{pause:?}");
        }

        #[test]
        fn retry_after_counts_between_the_plan_and_twice_the_plan(
            attempts in 0..7_u32, asked: u64, random: [u8; 8],
        ) {
            let schedule = crate::config::Config::load(&crate::config::Sources::default()).unwrap().webhooks.retry_schedule.pauses();
            let planned = schedule[attempts as usize];
            let asked = Duration::from_secs(asked);
            let pause = pause(&schedule, attempts, Some(asked), random).unwrap();
            prop_assert!(pause >= planned && pause <= planned * 2);
            prop_assert!(pause >= asked.min(planned * 2));
        }
    }
}
