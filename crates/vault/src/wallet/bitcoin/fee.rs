//! Fee rates.

/// What is paid for size, in satoshi for 1000 virtual bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeRate(u64);

impl FeeRate {
    /// The least that nodes relay: 1 satoshi a virtual byte.
    pub const LEAST: Self = Self(1000);
    /// The most that is paid here, ten times what the worst days asked for: 10,000 a virtual byte.
    pub const MOST: Self = Self(10_000_000);

    /// A rate in satoshi for 1000 virtual bytes, brought within [`LEAST`](Self::LEAST) and
    /// [`MOST`](Self::MOST).
    #[must_use]
    pub const fn per_kvb(rate: u64) -> Self {
        if rate < Self::LEAST.0 {
            Self::LEAST
        } else if rate > Self::MOST.0 {
            Self::MOST
        } else {
            Self(rate)
        }
    }

    /// A rate in satoshi a virtual byte, as a server says it; `None` for what is no number.
    #[must_use]
    pub fn per_vb(rate: f64) -> Option<Self> {
        if !rate.is_finite() {
            return None;
        }
        let bounded = (rate * 1000.0).ceil().clamp(0.0, 1e9);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between 0 and 10⁹"
        )]
        Some(Self::per_kvb(bounded as u64))
    }

    /// The rate to be confirmed within `blocks`, from estimates as Esplora's `fee-estimates` gives
    /// them: pairs of blocks and satoshi a virtual byte, in any order.
    ///
    /// That of the slowest estimate that is still fast enough, or else of the fastest there is.
    #[must_use]
    pub fn within(blocks: u16, estimates: &[(u16, f64)]) -> Option<Self> {
        let good = || estimates.iter().filter(|(_, rate)| rate.is_finite());
        good()
            .filter(|(target, _)| *target <= blocks)
            .max_by_key(|(target, _)| *target)
            .or_else(|| good().min_by_key(|(target, _)| *target))
            .and_then(|(_, rate)| Self::per_vb(*rate))
    }

    /// Satoshi for 1000 virtual bytes.
    #[must_use]
    pub const fn sat_per_kvb(self) -> u64 {
        self.0
    }

    /// What a transaction of this weight pays. A virtual byte is four units of weight, and a begun one
    /// counts whole, as nodes count it.
    #[must_use]
    pub const fn fee(self, weight: u64) -> u64 {
        weight.div_ceil(4).saturating_mul(self.0).div_ceil(1000)
    }
}
