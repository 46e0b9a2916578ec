//! Devices that people log in on: what is known of one, and how long a new one waits.

use jiff::{SignedDuration, Timestamp};

use super::{DeviceId, UserId};

/// How long a log-in on a new device reads alone, where an environment holds it.
const HELD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long before that an address has to be proven, and accounts joined, to count as the person's.
const SETTLED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What an environment does when somebody who has a wallet logs in on a device that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NewDevices {
    /// Nothing.
    Off,
    /// The person's other addresses are told.
    Notify,
    /// They are told, and for a day the log-in reads alone.
    Hold,
}

/// A device that has proven an address, or has typed a password, before: what its token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its id.
    pub id: DeviceId,
    /// Who logged in on it.
    pub user: UserId,
    /// When the first time.
    pub since: Timestamp,
}

/// Since when there is something to protect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protected {
    /// When the user's wallet was made, or moved to them with its secret.
    pub wallet_since: Timestamp,
    /// When another account was joined into the user, if one was.
    pub joined_at: Option<Timestamp>,
}

/// The times of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Since when the device counts.
    pub since: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// What ends it sooner was proven no later than this.
    pub proven_before: Timestamp,
}

impl Hold {
    /// The hold of a device that was first seen then; `None` if it waits for nothing: a day has passed, or it was there
    /// before the wallet was. A device of one of two accounts counts for both only from their join on.
    #[must_use]
    pub fn of(first_seen: Timestamp, protected: Protected, now: Timestamp) -> Option<Self> {
        let since = first_seen.max(protected.joined_at.unwrap_or(Timestamp::UNIX_EPOCH));
        let ends_at = since + HELD_FOR;
        (since > protected.wallet_since && ends_at > now).then_some(Self {
            since,
            ends_at,
            proven_before: since - SETTLED_FOR,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
    }

    #[test]
    fn a_device_waits_a_day_unless_it_was_there_before_the_wallet() {
        let made = |wallet_since, joined_at: Option<i64>| Protected {
            wallet_since: at(wallet_since),
            joined_at: joined_at.map(at),
        };
        let ends = |first_seen, protected, now| Hold::of(at(first_seen), protected, at(now)).map(|hold| hold.ends_at);
        assert_eq!(ends(0, made(-50, None), 0), Some(at(24)));
        assert_eq!(ends(0, made(-50, None), 23), Some(at(24)));
        assert_eq!(ends(0, made(-50, None), 24), None);
        assert_eq!(ends(0, made(1, None), 2), None, "the wallet was made on it");
        // Both accounts of a join wait from there on, also on a device that one of them had for long.
        assert_eq!(ends(-500, made(-900, Some(1)), 2), Some(at(25)));
        assert_eq!(ends(0, made(1, Some(2)), 3), Some(at(26)));
        assert_eq!(ends(0, made(1, Some(2)), 26), None);
    }
}
