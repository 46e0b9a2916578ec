//! How much memory the bodies of all requests take at once.
//!
//! Small ones are free, so that nobody's log-in is refused for what others send. Of what lies beyond nobody has more than
//! a part, so that whoever sends much shuts out themselves first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::Who;

/// What each body may take without being counted.
const FREE: usize = 16 << 10;
/// What all of them may take beyond that.
const MOST: usize = 64 << 20;
/// So many of the largest bodies fit, however large the setting makes them.
const LARGEST_AT_ONCE: usize = 16;
/// One address has this part of it.
const PART: usize = 4;

/// Counts them. Cheap to clone.
#[derive(Clone)]
pub struct Bodies {
    most: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    all: usize,
    of: HashMap<Who, usize>,
}

/// One body, counted until it is dropped.
pub struct Counted {
    bodies: Bodies,
    who: Who,
    held: usize,
}

impl Bodies {
    /// For bodies of at most so many bytes.
    #[must_use]
    pub fn new(largest: usize) -> Self {
        Self {
            most: MOST.max(largest.saturating_mul(LARGEST_AT_ONCE)),
            held: Arc::default(),
        }
    }

    /// A body that begins to come in.
    #[must_use]
    pub fn begin(&self, who: Who) -> Counted {
        Counted {
            bodies: self.clone(),
            who,
            held: 0,
        }
    }
}

impl Counted {
    /// Counts that the body takes so many bytes by now; whether there is room for them.
    #[must_use]
    pub fn takes(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(FREE).saturating_sub(self.held);
        if more == 0 {
            return true;
        }
        let most = self.bodies.most;
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.of.get(&self.who).copied().unwrap_or_default();
        if held.all + more > most || own + more > most / PART {
            return false;
        }
        held.all += more;
        held.of.insert(self.who, own + more);
        self.held += more;
        true
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.held == 0 {
            return;
        }
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= self.held;
        if let Some(own) = held.of.get_mut(&self.who) {
            *own -= self.held;
            if *own == 0 {
                held.of.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(host: u8) -> Who {
        Who::at([203, 0, 113, host].into())
    }

    /// As many bodies of a MiB as find room.
    fn fill(bodies: &Bodies, host: u8) -> Vec<Counted> {
        let body = |_| {
            let mut body = bodies.begin(who(host));
            body.takes(1 << 20).then_some(body)
        };
        (0..1_000).map_while(body).collect()
    }

    #[test]
    fn one_address_has_its_part_and_all_have_the_whole() {
        let bodies = Bodies::new(1 << 20);
        let mut one = fill(&bodies, 1);
        assert_eq!(one.len(), 16);
        let others: Vec<_> = (2..9).map(|host| fill(&bodies, host)).collect();
        assert_eq!(others.iter().map(Vec::len).sum::<usize>(), 49);
        // A small one always has room.
        assert!(bodies.begin(who(1)).takes(FREE) && bodies.begin(who(10)).takes(FREE));
        assert!(!bodies.begin(who(10)).takes(1 << 20));
        one.pop();
        assert!(bodies.begin(who(10)).takes(1 << 20));
        drop((one, others));
        let held = bodies.held.lock().unwrap();
        assert_eq!((held.all, held.of.len()), (0, 0));
    }

    #[test]
    fn a_body_is_counted_as_it_grows() {
        let bodies = Bodies::new(1 << 20);
        let mut body = bodies.begin(who(1));
        for bytes in [1, FREE, FREE + 1, FREE + 10, FREE + 10] {
            assert!(body.takes(bytes));
        }
        assert_eq!(bodies.held.lock().unwrap().all, 10);
        assert!(!body.takes(64 << 20));
        assert_eq!(bodies.held.lock().unwrap().all, 10, "what was refused is not held");
    }

    #[test]
    fn the_largest_bodies_fit_whatever_they_may_be() {
        let bodies = Bodies::new(64 << 20);
        assert!(bodies.begin(who(1)).takes(128 << 20));
    }
}
