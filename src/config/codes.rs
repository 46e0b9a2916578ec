//! `[codes]`

use jiff::SignedDuration;

use super::ConfigError;
use crate::domain::SendLimits;

/// One-time codes: how long they live, and how often they are sent.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// How long a code lives.
    pub minutes: u32,
    /// Sends to one destination by one app in a minute.
    pub per_minute: u32,
    /// Sends to one destination in an hour; strangers may use up half.
    pub per_hour: u32,
    /// Sends to one destination in a day; strangers may use up half.
    pub per_day: u32,
    /// Sends that one network may ask for in an hour.
    pub per_network_hour: u32,
    /// Wrong codes in an hour after which a destination gets codes of twelve characters.
    pub wrong_per_hour: u32,
}

impl Codes {
    /// The life of a code.
    #[must_use]
    pub fn life(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.minutes))
    }

    /// The budget of sends.
    #[must_use]
    pub fn limits(&self) -> SendLimits {
        SendLimits {
            per_minute: self.per_minute,
            per_hour: self.per_hour,
            per_day: self.per_day,
            per_network_hour: self.per_network_hour,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (setting, value, most) in [
            ("codes.minutes", self.minutes, 60),
            ("codes.per_minute", self.per_minute, 1_000),
            ("codes.per_hour", self.per_hour, 1_000),
            ("codes.per_day", self.per_day, 1_000),
            ("codes.per_network_hour", self.per_network_hour, 100_000),
            ("codes.wrong_per_hour", self.wrong_per_hour, 1_000),
        ] {
            if !(1..=most).contains(&value) {
                return Err(ConfigError::new(setting, &format!("write a number from 1 to {most}.")));
            }
        }
        Ok(())
    }
}
