//! Requests per minute, in an exact sliding window on this node: of a key, or of an address that brings none.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

const WINDOW_MILLIS: i64 = 60_000;
/// What registrations are counted in.
const HOUR_MILLIS: i64 = 3_600_000;
/// Keys and addresses that were not used for a window are forgotten once there are more than this.
const MANY: usize = 10_000;
/// More addresses than this within a minute are an attack that no limit per address stops; then all of them are
/// forgotten, so that it costs no more memory.
const MOST_ADDRESSES: usize = 100_000;
/// What one caller has of IPv6: a network of 64 bits.
const ONE_CALLER: u128 = !(u64::MAX as u128);
/// What one customer of a provider may have of it: a network of 48 bits, with 65 536 of those.
const ONE_SITE: u128 = u128::MAX << 80;
/// A site has the budgets of this many of its networks.
const NETWORKS_OF_SITE: u32 = 4;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// An API key or a user's key, by its id.
    Key(Uuid),
    /// Somebody without one.
    Address(IpAddr),
}

impl Who {
    /// An IPv4 address, or the IPv6 network of 64 bits that an address lies in.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & ONE_CALLER).into(),
        })
    }
}

impl Who {
    /// The site of an address: itself, or the IPv6 network of 48 bits that it lies in.
    #[must_use]
    pub fn site(self) -> Self {
        match self {
            Self::Address(IpAddr::V6(address)) => {
                Self::Address(Ipv6Addr::from_bits(address.to_bits() & ONE_SITE).into())
            }
            other => other,
        }
    }
}

/// What a site of IPv6 is counted for, beside the networks in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Budget {
    /// Requests without a credential.
    Requests,
    /// Registrations with an app.
    Registrations(Uuid),
    /// Codes of an environment.
    Codes(Uuid),
}

/// What the limit says of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go on.
    pub allowed: bool,
    /// Whether the request log keeps it: each one that may go on, and of the others the first in each second, so that
    /// a caller past its limit cannot fill the store.
    pub kept: bool,
    /// Requests per minute.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// Seconds until one more is allowed (when none is left) or until the window is empty again.
    pub reset: u32,
    /// The same as a Unix time.
    pub reset_at: i64,
}

/// Counts requests. [`Limits::admit`] is the one place that decides, and it is exact on one node.
///
/// Several nodes each count for themselves, so that a caller who reaches `n` of them has `n` times its limit. Budgets
/// that they share fit behind the same call: a node leases a part of a key's minute through the store (a tenth of the
/// limit, say, and what is left of it is handed back when it ends), `admit` spends from the lease in memory, and only a
/// spent lease asks the store again, in the background and before it is empty. A store that cannot be asked leaves
/// the node with its last lease.
#[derive(Default)]
pub struct Limits {
    windows: Mutex<Windows>,
}

#[derive(Default)]
struct Windows {
    of_keys: HashMap<Uuid, Window>,
    of_addresses: HashMap<IpAddr, Window>,
    registrations: HashMap<(Uuid, IpAddr), Window>,
    of_sites: HashMap<(Budget, Ipv6Addr), Window>,
    swept_at: i64,
}

#[derive(Default)]
struct Window {
    /// Admitted requests by the millisecond they came in, so that a limit of millions stays small.
    admitted: VecDeque<(i64, u32)>,
    count: u32,
    /// The second of the last refusal.
    refused_in: i64,
}

impl Limits {
    /// Counts one request; a refused one does not count. Of an IPv6 address the site is counted as well, so that nobody has
    /// a limit for each of 65 536 networks.
    pub fn admit(&self, who: Who, limit: u32, now: Timestamp) -> Decision {
        let now = now.as_millisecond();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.forget(now);
        let window = match who {
            Who::Key(key) => windows.of_keys.entry(key).or_default(),
            Who::Address(address) => windows.of_addresses.entry(address).or_default(),
        };
        let decision = window.admit(limit, WINDOW_MILLIS, now);
        match who {
            Who::Address(network) if decision.allowed => {
                let of_site = windows.admit_site(Budget::Requests, network, limit, WINDOW_MILLIS, now);
                of_site
                    .filter(|of_site| !of_site.allowed)
                    .map_or(decision, |refused| Decision { limit, ..refused })
            }
            _ => decision,
        }
    }

    /// Counts one registration with an app from a network, as [`Who::at`] has it; answers in how many seconds there is
    /// room for another if there is none now. As exact as requests are: on one node.
    pub fn admit_registration(&self, app: Uuid, network: IpAddr, limit: u32, now: Timestamp) -> Option<u32> {
        let now = now.as_millisecond();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.forget(now);
        let window = windows.registrations.entry((app, network)).or_default();
        let mut decision = window.admit(limit, HOUR_MILLIS, now);
        if decision.allowed {
            let budget = Budget::Registrations(app);
            decision = windows
                .admit_site(budget, network, limit, HOUR_MILLIS, now)
                .unwrap_or(decision);
        }
        (!decision.allowed).then_some(decision.reset)
    }

    /// Counts one code for a site of IPv6; of its networks the store counts them. Answers in how many seconds there is room
    /// for another if there is none now.
    pub fn admit_code(&self, environment: Uuid, address: IpAddr, limit: u32, now: Timestamp) -> Option<u32> {
        let now = now.as_millisecond();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.forget(now);
        let decision = windows.admit_site(Budget::Codes(environment), address, limit, HOUR_MILLIS, now)?;
        (!decision.allowed).then_some(decision.reset)
    }
}

impl Windows {
    /// Counts something for the site of an IPv6 address; `None` for IPv4.
    fn admit_site(&mut self, budget: Budget, network: IpAddr, limit: u32, length: i64, now: i64) -> Option<Decision> {
        let Who::Address(IpAddr::V6(site)) = Who::at(network).site() else {
            return None;
        };
        let window = self.of_sites.entry((budget, site)).or_default();
        Some(window.admit(limit.saturating_mul(NETWORKS_OF_SITE), length, now))
    }

    fn forget(&mut self, now: i64) {
        let held = self.of_keys.len() + self.of_addresses.len() + self.registrations.len() + self.of_sites.len();
        if held > MANY && self.swept_at + WINDOW_MILLIS <= now {
            self.swept_at = now;
            self.of_keys.retain(|_, window| window.is_alive(WINDOW_MILLIS, now));
            self.of_addresses
                .retain(|_, window| window.is_alive(WINDOW_MILLIS, now));
            self.registrations.retain(|_, window| window.is_alive(HOUR_MILLIS, now));
            self.of_sites.retain(|_, window| window.is_alive(HOUR_MILLIS, now));
        }
        if self.of_sites.len() > MOST_ADDRESSES {
            self.of_sites.clear();
        }
        if self.of_addresses.len() > MOST_ADDRESSES {
            self.of_addresses.clear();
        }
        if self.registrations.len() > MOST_ADDRESSES {
            self.registrations.clear();
        }
    }
}

impl Window {
    /// Whether anything in it still counts.
    fn is_alive(&self, length: i64, now: i64) -> bool {
        self.admitted.back().is_some_and(|(at, _)| at + length > now)
    }

    /// Admits one more, if fewer than `limit` were within the last `length` milliseconds.
    fn admit(&mut self, limit: u32, length: i64, now: i64) -> Decision {
        while let Some((at, count)) = self.admitted.front().copied() {
            if at + length > now {
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
        let second = now / 1_000;
        let kept = allowed || std::mem::replace(&mut self.refused_in, second) != second;
        let remaining = limit.saturating_sub(self.count);
        let turning = if remaining == 0 {
            self.admitted.front()
        } else {
            self.admitted.back()
        };
        let reset_millis = turning.map_or(length, |(at, _)| at + length - now).clamp(0, length);
        let reset = u32::try_from((reset_millis + 999) / 1_000).unwrap_or_default();
        Decision {
            allowed,
            kept,
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
        let (limits, key) = (Limits::default(), Who::Key(Uuid::from_u128(1)));
        assert!(limits.admit(key, 2, at(0)).allowed);
        assert!(limits.admit(key, 2, at(30_000)).allowed);
        let refused = limits.admit(key, 2, at(30_500));
        assert_eq!((refused.allowed, refused.remaining, refused.reset), (false, 0, 30));
        assert!(!limits.admit(key, 2, at(59_999)).allowed);
        assert!(limits.admit(key, 2, at(60_000)).allowed);
        assert!(limits.admit(Who::Key(Uuid::from_u128(2)), 2, at(60_000)).allowed);
    }

    #[test]
    fn registrations_are_counted_by_app_and_network_for_an_hour() {
        let (limits, app) = (Limits::default(), Uuid::from_u128(1));
        let (here, there) = ([203, 0, 113, 1].into(), [203, 0, 113, 2].into());
        assert_eq!(limits.admit_registration(app, here, 2, at(0)), None);
        assert_eq!(limits.admit_registration(app, here, 2, at(600_000)), None);
        assert_eq!(limits.admit_registration(app, here, 2, at(1_200_000)), Some(2_400));
        assert_eq!(limits.admit_registration(app, there, 2, at(1_200_000)), None);
        let other = Uuid::from_u128(2);
        assert_eq!(limits.admit_registration(other, here, 2, at(1_200_000)), None);
        assert_eq!(limits.admit_registration(app, here, 2, at(3_600_000)), None);
        assert!(limits.admit_registration(app, here, 2, at(3_600_000)).is_some());
    }

    #[test]
    fn of_refused_requests_the_first_in_each_second_is_kept() {
        let (limits, key) = (Limits::default(), Who::Key(Uuid::from_u128(1)));
        assert!(limits.admit(key, 1, at(0)).kept);
        let kept = [1, 999, 1_000, 1_001, 1_999, 5_000].map(|millis| limits.admit(key, 1, at(millis)).kept);
        assert_eq!(kept, [true, false, true, false, false, true]);
    }

    #[test]
    fn an_address_is_what_one_caller_has() {
        let who = |text: &str| Who::at(text.parse().unwrap());
        assert_ne!(who("203.0.113.1"), who("203.0.113.2"));
        assert_eq!(who("203.0.113.1"), who("::ffff:203.0.113.1"));
        assert_eq!(who("2001:db8:1:2::1"), who("2001:db8:1:2:ffff::9"));
        assert_ne!(who("2001:db8:1:2::1"), who("2001:db8:1:3::1"));
    }

    #[test]
    fn a_site_has_no_limit_for_each_of_its_networks() {
        let limits = Limits::default();
        let who = |text: &str| Who::at(text.parse().unwrap());
        let network = |of: u32, at: u32| who(&format!("2001:db8:{of:x}:{at:x}::1"));
        let admitted = |of: u32| {
            (0..100)
                .filter(|i| limits.admit(network(of, *i), 10, at(0)).allowed)
                .count()
        };
        assert_eq!((admitted(1), admitted(2)), (40, 40));
        let refused = limits.admit(network(1, 200), 10, at(1_000));
        assert_eq!(
            (refused.allowed, refused.limit, refused.remaining, refused.reset),
            (false, 10, 0, 59)
        );
        // What one network has asked for in vain is not its neighbours'.
        let one = (0..100)
            .filter(|_| limits.admit(network(3, 1), 10, at(0)).allowed)
            .count();
        assert_eq!(one, 10);
        assert!(limits.admit(network(3, 2), 10, at(0)).allowed);
        // IPv4 has no sites.
        let four = (0..100_u8).filter(|i| limits.admit(Who::at([203, 0, 113, *i].into()), 10, at(0)).allowed);
        assert_eq!(four.count(), 100);
        let app = Uuid::from_u128(1);
        let at_home = |i: u32| format!("2001:db8:9:{i:x}::1").parse().unwrap();
        let codes = (0..100).filter(|i| limits.admit_code(app, at_home(*i), 10, at(0)).is_none());
        assert_eq!(codes.count(), 40);
        let people = (0..100).filter(|i| limits.admit_registration(app, at_home(*i), 10, at(0)).is_none());
        assert_eq!(people.count(), 40);
        assert_eq!(limits.admit_code(app, at_home(1), 10, at(600_000)), Some(3_000));
        assert_eq!(limits.admit_code(app, at_home(1), 10, at(3_600_000)), None);
    }

    #[test]
    fn a_flood_of_addresses_takes_no_more_memory() {
        let limits = Limits::default();
        let key = Who::Key(Uuid::from_u128(1));
        assert!(limits.admit(key, 1, at(0)).allowed);
        for address in 0..250_000_u32 {
            limits.admit(Who::Address(std::net::Ipv4Addr::from_bits(address).into()), 1, at(0));
            if address % 50_000 == 0 {
                assert!(limits.windows.lock().unwrap().of_addresses.len() <= MOST_ADDRESSES + 1);
            }
        }
        assert!(limits.windows.lock().unwrap().of_addresses.len() <= MOST_ADDRESSES + 1);
        assert!(!limits.admit(key, 1, at(0)).allowed, "keys are not forgotten");
        // A minute later nothing of it is left.
        limits.admit(key, 1, at(60_000));
        assert_eq!(limits.windows.lock().unwrap().of_addresses.len(), 0);
    }

    proptest! {
        /// However requests fall, no minute holds more admitted ones than the limit, and none is refused while there is room.
        #[test]
        fn no_minute_holds_more_than_the_limit(limit in 1..20_u32, steps in proptest::collection::vec(0..9_000_i64, 1..200)) {
            let (limits, key) = (Limits::default(), Who::Key(Uuid::from_u128(1)));
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
