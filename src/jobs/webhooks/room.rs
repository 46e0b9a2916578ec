//! Where claimed deliveries wait for their turn, so that one slow receiver never delays another.
//!
//! A lane is one webhook of an environment, or one host of a partner: a party (the environment, the partner's secret) may
//! have many. Lanes take turns. A lane has at most
//! `per_lane` attempts under way; a party has at most as many as there are free slots left, so that a party
//! with a thousand slow host names leaves room for the next one. Waiting places are shared out by the same
//! rule. A delivery that finds no place is let go: its lease runs out and it comes back behind the others.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

/// A lane whose first delivery has waited longer than this does not keep up: what lies behind it is looked for.
const KEEPS_UP: Duration = Duration::from_secs(1);

/// Which queue a delivery stands in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    /// Who may not take everything: an environment, or a partner by its secret.
    pub party: Uuid,
    /// The webhook, or host and port.
    pub host: Arc<str>,
}

/// How much there is room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Attempts under way.
    pub slots: usize,
    /// Attempts under way in one lane.
    pub per_lane: usize,
    /// Deliveries that wait.
    pub places: usize,
    /// Enough waiting deliveries to keep every slot busy while the next ones are fetched.
    pub ahead: usize,
}

/// What runs and what waits. It holds no rule about what a delivery is.
pub(super) struct Room<T> {
    limits: Limits,
    lanes: HashMap<Lane, Queue<T>>,
    parties: HashMap<Uuid, usize>,
    /// The lanes in which something waits, each once, the next one first.
    turns: VecDeque<Lane>,
    running: usize,
    waiting: usize,
}

struct Queue<T> {
    running: usize,
    waiting: VecDeque<(Timestamp, T)>,
}

impl<T> Room<T> {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            lanes: HashMap::new(),
            parties: HashMap::new(),
            turns: VecDeque::new(),
            running: 0,
            waiting: 0,
        }
    }

    /// How many more deliveries may be claimed now.
    pub fn wanted(&self, now: Timestamp) -> usize {
        let fronts = self.turns.iter().filter_map(|lane| self.lanes.get(lane));
        let keeping_up = fronts
            .filter(|queue| queue.waiting.front().is_some_and(|(since, _)| !is_late(*since, now)))
            .map(|queue| queue.waiting.len());
        if keeping_up.sum::<usize>() < self.limits.ahead {
            self.limits.places - self.waiting
        } else {
            0
        }
    }

    /// Places that are free.
    pub fn places(&self) -> usize {
        self.limits.places.saturating_sub(self.waiting)
    }

    /// How many deliveries wait in a lane.
    pub fn waiting_in(&self, lane: &Lane) -> usize {
        self.lanes.get(lane).map_or(0, |queue| queue.waiting.len())
    }

    /// Takes a delivery in; false if it is let go.
    pub fn add(&mut self, lane: Lane, item: T, now: Timestamp) -> bool {
        let free = self.limits.places.saturating_sub(self.waiting);
        let queue = self.lanes.entry(lane.clone()).or_insert_with(|| Queue {
            running: 0,
            waiting: VecDeque::new(),
        });
        if queue.waiting.len() >= free {
            return false;
        }
        if queue.waiting.is_empty() {
            self.turns.push_back(lane);
        }
        queue.waiting.push_back((now, item));
        self.waiting += 1;
        true
    }

    /// The next delivery that may start; it runs until [`Room::done`].
    pub fn next(&mut self) -> Option<(Lane, T)> {
        let free = self.limits.slots.saturating_sub(self.running);
        for _ in 0..self.turns.len() {
            let lane = self.turns.pop_front()?;
            let queue = self.lanes.get_mut(&lane)?;
            let of_party = self.parties.entry(lane.party).or_default();
            let may_start = queue.running < self.limits.per_lane && *of_party < free;
            let item = if may_start { queue.waiting.pop_front() } else { None };
            if !queue.waiting.is_empty() {
                self.turns.push_back(lane.clone());
            }
            if let Some((_, item)) = item {
                queue.running += 1;
                *of_party += 1;
                self.running += 1;
                self.waiting -= 1;
                return Some((lane, item));
            }
        }
        None
    }

    /// An attempt ended.
    pub fn done(&mut self, lane: &Lane) {
        self.running -= 1;
        if let Some(queue) = self.lanes.get_mut(lane) {
            queue.running -= 1;
            if queue.running == 0 && queue.waiting.is_empty() {
                self.lanes.remove(lane);
            }
        }
        if let Some(of_party) = self.parties.get_mut(&lane.party) {
            *of_party -= 1;
            if *of_party == 0 {
                self.parties.remove(&lane.party);
            }
        }
    }
}

fn is_late(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) > KEEPS_UP.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        slots: 8,
        per_lane: 3,
        places: 40,
        ahead: 10,
    };

    fn lane(party: u8, host: u8) -> Lane {
        Lane {
            party: Uuid::from_u128(party.into()),
            host: host.to_string().into(),
        }
    }

    fn started(room: &mut Room<u32>) -> Vec<Lane> {
        std::iter::from_fn(|| room.next().map(|(lane, _)| lane)).collect()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_slow_lane_leaves_slots_to_others() {
        let mut room = Room::new(LIMITS);
        for item in 0..12 {
            assert!(room.add(lane(1, 1), item, at(0)));
        }
        assert_eq!(started(&mut room).len(), 3);
        assert!(room.add(lane(2, 2), 0, at(0)));
        assert_eq!(started(&mut room), [lane(2, 2)]);
    }

    #[test]
    fn a_party_with_many_slow_hosts_leaves_slots_to_others() {
        let mut room = Room::new(LIMITS);
        for host in 0..20 {
            assert!(room.add(lane(1, host), 0, at(0)));
        }
        assert_eq!(started(&mut room).len(), 4);
        assert!(room.add(lane(2, 99), 0, at(0)));
        assert_eq!(started(&mut room), [lane(2, 99)]);
    }

    #[test]
    fn what_lies_behind_a_slow_lane_is_looked_for() {
        let mut room = Room::new(LIMITS);
        let taken = (0..40).filter(|item| room.add(lane(1, 1), *item, at(0))).count();
        assert_eq!(taken, 20, "half of the places");
        assert_eq!(started(&mut room).len(), 3);
        assert_eq!(room.wanted(at(1)), 0, "the slots have enough to do");
        assert_eq!(room.wanted(at(2)), 23, "the lane does not keep up");
        assert!(room.add(lane(2, 2), 0, at(2)));
    }

    #[test]
    fn lanes_take_turns() {
        let mut room = Room::new(LIMITS);
        for item in 0..3 {
            room.add(lane(1, 1), item, at(0));
        }
        room.add(lane(2, 2), 0, at(0));
        assert_eq!(started(&mut room), [lane(1, 1), lane(2, 2), lane(1, 1), lane(1, 1)]);
    }

    proptest! {
        #[test]
        fn limits_hold_and_everything_taken_in_comes_out_once(
            steps in prop::collection::vec((0..3_u8, 0..4_u8, 0..4_u8), 0..300),
        ) {
            let (mut room, mut under_way) = (Room::new(LIMITS), Vec::new());
            let (mut came_in, mut came_out) = (0, 0);
            for (step, party, host) in steps {
                match step {
                    0 => came_in += u32::from(room.add(lane(party, host), 0, at(0))),
                    1 => under_way.extend(room.next().map(|(lane, _)| lane)),
                    _ if under_way.is_empty() => {}
                    _ => {
                        room.done(&under_way.swap_remove(usize::from(host) % under_way.len()));
                        came_out += 1;
                    }
                }
                prop_assert!(under_way.len() <= LIMITS.slots && room.waiting <= LIMITS.places);
                for lane in &under_way {
                    prop_assert!(under_way.iter().filter(|other| *other == lane).count() <= LIMITS.per_lane);
                }
            }
            while let Some(lane) = room.next().map(|(lane, _)| lane).or_else(|| under_way.pop()) {
                room.done(&lane);
                came_out += 1;
            }
            prop_assert_eq!(came_in, came_out);
            prop_assert!(room.parties.is_empty() && room.lanes.is_empty() && room.turns.is_empty());
        }
    }
}
