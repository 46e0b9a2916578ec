//! How many connections are open at once, in all and from each address.
//!
//! Nobody waits in front of a full server: a connection that is not taken is closed at once, so that the next one in the
//! queue, which may be somebody else's, has its turn. And nobody can take all of it: an address may hold no more
//! than what is left free, so that however many addresses push, there is a place for one that has none yet.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::proxies::Proxies;
use crate::clock::Clock;
use crate::config;
use crate::web::Who;

/// Files that this process opens besides connections: the store, logs, outgoing calls.
const OTHER_FILES: u64 = 512;
/// However few files this process may open, so many connections are tried.
const FEWEST: usize = 64;
/// How often the log says that connections are refused.
const SAID_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The connections of one listener. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    /// The listener's name, as metrics have it.
    listener: &'static str,
    most: usize,
    most_per_address: usize,
    proxies: Proxies,
    clock: Clock,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<Who, usize>,
    /// Since the log last said so.
    refused: u64,
    said_at: Option<Timestamp>,
}

/// A connection's place; free again once it is dropped.
pub struct Place {
    connections: Connections,
    /// Nobody, for a proxy: its connections are many people's.
    who: Option<Who>,
}

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Full {
    /// There are as many as there may be in all.
    All,
    /// The address has its share.
    Address,
}

impl Full {
    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Address => "address",
        }
    }
}

impl Connections {
    /// Reads the settings. This process's limit on open files is raised as far as it goes, and where it does not go far
    /// enough there are fewer connections than `server.connections` says.
    #[must_use]
    pub fn new(listener: &'static str, server: &config::Server, clock: Clock) -> Self {
        let most = fit(server.connections);
        if most < server.connections {
            tracing::warn!(
                setting = server.connections,
                connections = most,
                "this process may open too few files for server.connections; raise its limit (ulimit -n, LimitNOFILE)"
            );
        }
        Self(Arc::new(Inner {
            listener,
            most,
            most_per_address: server.connections_per_address,
            proxies: Proxies::new(&server.trusted_proxies),
            clock,
            open: Mutex::default(),
        }))
    }

    /// A place for a connection from this address, if there is one.
    #[must_use]
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        let inner = &*self.0;
        let who = (!inner.proxies.is_one(peer)).then(|| Who::at(peer));
        let mut open = self.lock();
        match inner.room(&open, who) {
            Ok(()) => {}
            Err(full) => {
                self.refuse(open, full);
                return None;
            }
        }
        open.all += 1;
        if let Some(who) = who {
            *open.by_address.entry(who).or_default() += 1;
        }
        drop(open);
        metrics::gauge!("aboard_connections", "listener" => inner.listener).increment(1.0);
        Some(Place {
            connections: self.clone(),
            who,
        })
    }

    /// Counts it, and says so from time to time: never whose, addresses are not logged.
    fn refuse(&self, mut open: MutexGuard<'_, Open>, full: Full) {
        let inner = &*self.0;
        let counted = metrics::counter!("aboard_connections_refused_total", "listener" => inner.listener, "full" => full.as_str());
        counted.increment(1);
        open.refused += 1;
        let now = inner.clock.now();
        if open.said_at.is_some_and(|said| now.duration_since(said) < SAID_EVERY) {
            return;
        }
        open.said_at = Some(now);
        let (refused, connections) = (std::mem::take(&mut open.refused), open.all);
        drop(open);
        let setting = match full {
            Full::All => "server.connections",
            Full::Address => "server.connections_per_address",
        };
        tracing::warn!(
            listener = inner.listener,
            setting,
            refused,
            connections,
            "connections are closed as they come in: too many are open"
        );
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn room(&self, open: &Open, who: Option<Who>) -> Result<(), Full> {
        let free = self.most.saturating_sub(open.all);
        if free == 0 {
            return Err(Full::All);
        }
        let own = who.and_then(|who| open.by_address.get(&who).copied()).unwrap_or_default();
        if own >= self.most_per_address.min(free) {
            return Err(Full::Address);
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.all -= 1;
        if let Some(who) = self.who
            && let Some(own) = open.by_address.get_mut(&who)
        {
            *own -= 1;
            if *own == 0 {
                open.by_address.remove(&who);
            }
        }
        drop(open);
        metrics::gauge!("aboard_connections", "listener" => self.connections.0.listener).decrement(1.0);
    }
}

/// As many connections as this process may have, up to those that are wanted.
fn fit(wanted: usize) -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let needed = OTHER_FILES + wanted as u64;
    let mut limit = getrlimit(Resource::Nofile);
    // No limit at all is written as none.
    if limit.current.is_some_and(|current| current < needed) {
        let mut raised = limit.clone();
        raised.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        if setrlimit(Resource::Nofile, raised.clone()).is_ok() {
            limit = raised;
        }
    }
    let files = limit.current.unwrap_or(needed);
    let may = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    wanted.min(may.max(FEWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(most: usize, most_per_address: usize) -> Connections {
        Connections(Arc::new(Inner {
            listener: "test",
            most,
            most_per_address,
            proxies: Proxies::new(&["10.0.0.0/8".parse().unwrap()]),
            clock: Clock::System,
            open: Mutex::default(),
        }))
    }

    fn from(connections: &Connections, address: &str, wanted: usize) -> Vec<Place> {
        let peer = address.parse().unwrap();
        (0..wanted).map_while(|_| connections.take(peer)).collect()
    }

    #[test]
    fn an_address_has_its_share_and_gives_it_back() {
        let all = connections(100, 3);
        let mut one = from(&all, "203.0.113.1", 10);
        assert_eq!(one.len(), 3);
        assert_eq!(from(&all, "203.0.113.2", 10).len(), 3, "others have theirs");
        one.pop();
        assert_eq!(from(&all, "203.0.113.1", 10).len(), 1);
        drop(one);
        let open = all.lock();
        assert_eq!((open.all, open.by_address.len()), (0, 0));
    }

    #[test]
    fn a_network_of_64_bits_is_one_address() {
        let all = connections(100, 3);
        let kept = from(&all, "2001:db8::1", 2);
        assert_eq!(from(&all, "2001:db8::ffff", 10).len(), 1);
        assert_eq!(from(&all, "2001:db8:0:1::1", 10).len(), 3);
        // Our own sockets show IPv4 addresses in their IPv6 form.
        let four = from(&all, "::ffff:203.0.113.1", 2);
        assert_eq!(from(&all, "203.0.113.1", 10).len(), 1);
        drop((kept, four));
    }

    #[test]
    fn a_trusted_proxy_has_no_share_of_its_own() {
        let all = connections(100, 3);
        let kept = from(&all, "10.0.0.1", 99);
        assert_eq!(kept.len(), 99);
        let last = from(&all, "203.0.113.1", 10);
        assert_eq!(last.len(), 1);
        assert!(all.take("10.0.0.1".parse().unwrap()).is_none(), "the whole is the whole");
    }

    #[test]
    fn many_addresses_leave_a_place_for_another() {
        let all = connections(100, 100);
        let kept: Vec<_> = (1..=30)
            .map(|last| from(&all, &format!("203.0.113.{last}"), 1_000))
            .collect();
        assert_eq!(kept[0].len(), 50, "one alone may have half");
        assert!(all.lock().all < 100);
        assert_eq!(from(&all, "198.51.100.1", 1).len(), 1);
    }
}
