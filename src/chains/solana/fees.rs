//! What is paid to be taken earlier.

use crate::config::Network;

/// The most that is paid for priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Millionths of a lamport for a unit of computing.
    pub most_price: u64,
}

impl Bounds {
    pub(super) const fn of(network: &Network) -> Self {
        Self {
            most_price: network.max_priority_fee,
        }
    }
}

/// The price that three in four of the late blocks were content with, within the bounds. Nobody pays on a quiet cluster.
#[must_use]
pub fn price(paid: &[u64], bounds: Bounds) -> u64 {
    let mut sorted = paid.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * 3).div_ceil(4).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(0).min(bounds.most_price)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_paid_is_paid_up_to_the_bound() {
        let bounds = Bounds { most_price: 5_000 };
        for (paid, expected) in [
            (&[][..], 0),
            (&[0, 0, 0, 9_000], 0),
            (&[700], 700),
            (&[4, 1, 3, 2], 3),
            (&[10_000, 10_000, 10_000], 5_000),
            (&[u64::MAX; 150], 5_000),
        ] {
            assert_eq!(price(paid, bounds), expected, "{paid:?}");
        }
    }
}
