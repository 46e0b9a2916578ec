//! `[codes]`

use jiff::SignedDuration;

use super::ConfigError;
use crate::domain::{CodeCaps, CountryCap, Destination, SendLimits};

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
    /// Wrong codes in an hour after which a destination gets codes of twelve characters; strangers may use up half.
    pub wrong_per_hour: u32,
    /// Messages to the numbers of one country on a day, in production.
    pub per_country_day: u32,
    /// The same for some countries: `["GR=50000", "US=0"]`.
    pub country_caps: Vec<String>,
    /// Messages to a prefix (all but the last four digits) on a day before it may stop.
    pub prefix_sends: u32,
    /// How many of a hundred messages to a prefix have to be proven, or it stops.
    pub prefix_percent: u32,
    /// What a message over WhatsApp costs, in thousandths.
    pub whatsapp_cost: u32,
    /// What an SMS costs, in thousandths.
    pub sms_cost: u32,
    /// What the messages of a day may cost, in thousandths; 0 is without a cap.
    pub spend_per_day: u32,
    /// Messages in an hour that go on over a channel because another one failed, by channel.
    pub fall_backs_per_hour: u32,
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

    /// What a message to a destination over a channel may cost; `None` for what costs nothing.
    #[must_use]
    pub fn caps(&self, to: &Destination, channel: &str) -> Option<CodeCaps> {
        let Destination::Phone(phone) = to else { return None };
        let country = phone.country();
        let own = self
            .country_caps
            .iter()
            .filter_map(|cap| cap.parse::<CountryCap>().ok());
        let own = own.into_iter().find(|cap| Some(&cap.country) == country.as_ref());
        let cost = match channel {
            "whatsapp" => self.whatsapp_cost,
            "sms" => self.sms_cost,
            _ => 0,
        };
        Some(CodeCaps {
            country: format!("country:{}", country.as_deref().unwrap_or("none")),
            per_country: own.map_or(self.per_country_day, |cap| cap.per_day).into(),
            prefix: format!("prefix:{}", phone.prefix()),
            prefix_least: self.prefix_sends.into(),
            prefix_percent: self.prefix_percent.into(),
            cost: cost.into(),
            spend: self.spend_per_day.into(),
        })
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (setting, value, most) in [
            ("codes.minutes", self.minutes, 60),
            ("codes.per_minute", self.per_minute, 1_000),
            ("codes.per_hour", self.per_hour, 1_000),
            ("codes.per_day", self.per_day, 1_000),
            ("codes.per_network_hour", self.per_network_hour, 100_000),
            ("codes.wrong_per_hour", self.wrong_per_hour, 1_000),
            ("codes.per_country_day", self.per_country_day, u32::MAX),
            ("codes.prefix_sends", self.prefix_sends, u32::MAX),
            ("codes.fall_backs_per_hour", self.fall_backs_per_hour, u32::MAX),
        ] {
            if !(1..=most).contains(&value) {
                return Err(ConfigError::new(setting, &format!("write a number from 1 to {most}.")));
            }
        }
        if self.prefix_percent > 100 {
            return Err(ConfigError::new(
                "codes.prefix_percent",
                "write a number from 0 to 100.",
            ));
        }
        match self.country_caps.iter().find_map(|cap| cap.parse::<CountryCap>().err()) {
            Some(wrong) => Err(ConfigError::new("codes.country_caps", &wrong.message)),
            None => Ok(()),
        }
    }
}
