//! How many connections are open at once, in all and from each address.
//!
//! Nobody waits in front of a full server: a connection that is not taken is closed at once, so that the next one in the
//! queue, which may be somebody else's, has its turn. And nobody keeps the others out: once every place is taken, whoever
//! has fewer connections gets the place of one that belongs to whoever has most, and is idle or still sends its request.
//! A request that is here as a whole is never cut.
//!
//! Who has how many is asked by site: an IPv4 address, or an IPv6 network of 48 bits, which is what one customer gets.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use jiff::{SignedDuration, Timestamp};

use super::proxies::Proxies;
use crate::clock::Clock;
use crate::config;
use crate::web::Who;

/// Files that this process opens besides connections: the store, logs, outgoing calls.
const OTHER_FILES: u64 = 512;
/// However few files this process may open, so many connections are tried.
const FEWEST: usize = 64;
/// A site has as many connections as this many of its addresses.
const ADDRESSES_OF_SITE: usize = 4;
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
    /// Those of each site, the oldest first.
    by_site: HashMap<Who, BTreeMap<u64, Arc<Line>>>,
    /// How many each address has.
    by_address: HashMap<Who, usize>,
    next: u64,
    /// Since the log last said so.
    refused: u64,
    said_at: Option<Timestamp>,
}

/// A connection's place; free again once it is dropped.
pub struct Place {
    connections: Connections,
    /// Nobody, for a proxy: its connections are many people's.
    who: Option<Who>,
    number: u64,
    line: Arc<Line>,
}

/// What others may know of a connection, and do to it.
#[derive(Default)]
pub struct Line {
    /// One of the three below.
    state: AtomicU8,
    /// Since when it sends: lower is earlier.
    sends_since: AtomicU64,
    given_up: AtomicBool,
    reader: AtomicWaker,
}

/// Nothing was read since something was last written.
const IDLE: u8 = 0;
/// Its other end has begun a request and not ended it.
const SENDS: u8 = 1;
/// A request is under way that waits for nothing from its other end.
const WORKS: u8 = 2;
/// Counts beginnings.
static BEGINNINGS: AtomicU64 = AtomicU64::new(0);

impl Line {
    /// A request's head is here.
    pub fn works(&self) {
        self.state.store(WORKS, Ordering::Release);
    }

    /// A request under way waits for more of its body.
    pub fn waits_for_body(&self) {
        self.begins(WORKS);
    }

    /// More of it is here, or nobody waits for it any more.
    pub fn has_body(&self) {
        // An answer may be on its way by now.
        let _ = self
            .state
            .compare_exchange(SENDS, WORKS, Ordering::AcqRel, Ordering::Acquire);
    }

    fn begins(&self, from: u8) {
        let now = BEGINNINGS.fetch_add(1, Ordering::Relaxed);
        let changed = self
            .state
            .compare_exchange(from, SENDS, Ordering::AcqRel, Ordering::Acquire);
        if changed.is_ok() {
            self.sends_since.store(now, Ordering::Release);
        }
    }

    fn is(&self, state: u8) -> bool {
        self.state.load(Ordering::Acquire) == state
    }
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
        let own = who.map_or(0, |who| open.own(who));
        let at_address = who
            .and_then(|who| open.by_address.get(&who))
            .copied()
            .unwrap_or_default();
        let most_of_site = inner.most_per_address.saturating_mul(ADDRESSES_OF_SITE);
        if at_address >= inner.most_per_address || own >= most_of_site {
            self.refuse(open, Full::Address);
            return None;
        }
        if open.all >= inner.most && !open.make_room(own) {
            self.refuse(open, Full::All);
            return None;
        }
        let line = Arc::<Line>::default();
        let number = open.next;
        open.next += 1;
        open.all += 1;
        if let Some(who) = who {
            let own = open.by_site.entry(who.site()).or_default();
            own.insert(number, Arc::clone(&line));
            *open.by_address.entry(who).or_default() += 1;
        }
        drop(open);
        metrics::gauge!("aboard_connections", "listener" => inner.listener).increment(1.0);
        Some(Place {
            connections: self.clone(),
            who,
            number,
            line,
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

impl Open {
    /// How many the site of an address has.
    fn own(&self, who: Who) -> usize {
        self.by_site.get(&who.site()).map_or(0, BTreeMap::len)
    }

    /// Gives up a connection of the site that has most, if that has more than somebody with `own` would have: an idle
    /// one, or else the one that has been sending its request for longest.
    fn make_room(&mut self, own: usize) -> bool {
        let dispensable = |lines: &BTreeMap<u64, Arc<Line>>| {
            let idle = lines.iter().find(|(_, line)| line.is(IDLE));
            let sending = || {
                let sending = lines.iter().filter(|(_, line)| line.is(SENDS));
                sending.min_by_key(|(_, line)| line.sends_since.load(Ordering::Acquire))
            };
            idle.or_else(sending).map(|(number, _)| *number)
        };
        let mut sites: Vec<_> = self.by_site.iter().filter(|(_, lines)| lines.len() > own + 1).collect();
        sites.sort_unstable_by_key(|(_, lines)| std::cmp::Reverse(lines.len()));
        let found = sites
            .into_iter()
            .find_map(|(site, lines)| Some((*site, dispensable(lines)?)));
        let Some((site, number)) = found else { return false };
        if let Some(line) = self.leave(site, number) {
            line.given_up.store(true, Ordering::Release);
            line.reader.wake();
        }
        true
    }

    /// Takes a connection out; nothing if it was given up before.
    fn leave(&mut self, site: Who, number: u64) -> Option<Arc<Line>> {
        let lines = self.by_site.get_mut(&site)?;
        let line = lines.remove(&number)?;
        if lines.is_empty() {
            self.by_site.remove(&site);
        }
        self.all -= 1;
        Some(line)
    }
}

impl Place {
    /// Whether the place was given to somebody else: then the connection has come to its end. Who reads is woken for
    /// that.
    pub fn is_given_up(&self, context: &Context<'_>) -> bool {
        self.line.reader.register(context.waker());
        self.line.given_up.load(Ordering::Acquire)
    }

    /// What the connection's requests say of themselves.
    pub fn line(&self) -> Arc<Line> {
        Arc::clone(&self.line)
    }

    /// Something was read.
    pub fn was_asked(&self) {
        if self.line.is(IDLE) {
            self.line.begins(IDLE);
        }
    }

    /// Something was written.
    pub fn has_answered(&self) {
        self.line.state.store(IDLE, Ordering::Release);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        match self.who {
            Some(who) => {
                drop(open.leave(who.site(), self.number));
                // One that was given up is its address's until it is closed.
                if let Some(count) = open.by_address.get_mut(&who) {
                    *count -= 1;
                    if *count == 0 {
                        open.by_address.remove(&who);
                    }
                }
            }
            None => open.all -= 1,
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
        let mut raised = limit;
        raised.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
    }
    let files = limit.current.unwrap_or(needed);
    let may = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    wanted.min(may.max(FEWEST))
}

#[cfg(test)]
mod tests;
