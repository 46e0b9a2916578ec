//! What codes may cost: the rule that decides whether a message is withheld, apart from where its counts are kept.
//!
//! Somebody who earns by messages that are sent (SMS pumping) asks for codes to numbers of their own and proves none. So
//! a prefix stops whose codes nobody proves, a country has a cap, and what a day may cost has one. Numbers that were
//! proven before are served all the same: nobody can make them unreachable.

use std::str::FromStr;

use super::Invalid;

/// What codes may cost on a day, as it concerns one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeCaps {
    /// Where its country is counted.
    pub country: String,
    /// Messages to that country.
    pub per_country: i64,
    /// Where its prefix is counted.
    pub prefix: String,
    /// Messages to a prefix before anything is said about it.
    pub prefix_least: i64,
    /// How many of a hundred messages to a prefix have to be proven.
    pub prefix_percent: i64,
    /// What the message costs.
    pub cost: i64,
    /// What all messages may cost; 0 is without a cap.
    pub spend: i64,
}

/// What was counted on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// Messages to the country.
    pub country: i64,
    /// Messages to the prefix.
    pub prefix: i64,
    /// How many numbers of the prefix were proven.
    pub prefix_proven: i64,
    /// What all messages cost.
    pub spent: i64,
}

/// Why a message is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Too many messages to the country.
    Country,
    /// Too few codes of the prefix are proven.
    Prefix,
    /// The day has cost enough.
    Spend,
}

impl Withheld {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Prefix => "prefix",
            Self::Spend => "spend",
        }
    }

    /// The same in words, for rows and logs.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Country => "withheld: the country has had its messages of the day",
            Self::Prefix => "withheld: almost nobody proves the codes that go to numbers beside this one",
            Self::Spend => "withheld: the messages of the day have cost what they may",
        }
    }
}

impl CodeCaps {
    /// Whether another message is withheld, and why.
    #[must_use]
    pub fn withholds(&self, counts: DayCounts) -> Option<Withheld> {
        let unproven = counts.prefix >= self.prefix_least
            && counts.prefix_proven.saturating_mul(100) < counts.prefix.saturating_mul(self.prefix_percent);
        if unproven {
            Some(Withheld::Prefix)
        } else if counts.country >= self.per_country {
            Some(Withheld::Country)
        } else if self.spend > 0 && counts.spent.saturating_add(self.cost) > self.spend {
            Some(Withheld::Spend)
        } else {
            None
        }
    }
}

/// The cap of one country, written `GR=50000`; 0 closes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryCap {
    /// As ISO 3166 writes it.
    pub country: String,
    /// Messages on a day.
    pub per_day: u32,
}

impl FromStr for CountryCap {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("Write a country and its messages on a day, like GR=50000.");
        let (country, most) = text.split_once('=').ok_or_else(wrong)?;
        let plain = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        let per_day = most.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
        Ok(Self {
            country: country.to_owned(),
            per_day,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps() -> CodeCaps {
        CodeCaps {
            country: "country:GR".to_owned(),
            per_country: 100,
            prefix: "prefix:+30691234".to_owned(),
            prefix_least: 20,
            prefix_percent: 10,
            cost: 60,
            spend: 6_000,
        }
    }

    #[test]
    fn each_cap_withholds_what_passes_it() {
        let counts = |country, prefix, prefix_proven, spent| DayCounts {
            country,
            prefix,
            prefix_proven,
            spent,
        };
        for (counts, withheld) in [
            (counts(0, 0, 0, 0), None),
            (counts(99, 19, 0, 5_940), None),
            (counts(99, 20, 2, 5_940), None),
            (counts(99, 20, 1, 5_940), Some(Withheld::Prefix)),
            (counts(100, 0, 0, 0), Some(Withheld::Country)),
            (counts(99, 0, 0, 5_941), Some(Withheld::Spend)),
        ] {
            assert_eq!(caps().withholds(counts), withheld, "{counts:?}");
        }
        let unbounded = CodeCaps { spend: 0, ..caps() };
        assert_eq!(unbounded.withholds(counts(0, 0, 0, i64::MAX)), None);
    }

    #[test]
    fn a_countrys_cap_is_read() {
        let cap: CountryCap = "GR=0".parse().unwrap();
        assert_eq!((cap.country.as_str(), cap.per_day), ("GR", 0));
        for wrong in ["", "GR", "GR=", "gr=1", "GRC=1", "GR=-1", "GR=many", "=5"] {
            assert!(wrong.parse::<CountryCap>().is_err(), "{wrong}");
        }
    }
}
