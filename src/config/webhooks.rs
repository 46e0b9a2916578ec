//! `[webhooks]`

use std::time::Duration;

use ipnet::IpNet;

use super::ConfigError;

/// Outgoing calls.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// The pause after each failed attempt.
    pub retry_schedule: Schedule,
    /// How long an attempt may take.
    pub timeout_seconds: u64,
    /// Networks that may be reached although they are not public.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<IpNet>,
    /// Whether sandbox webhooks may reach this machine.
    pub sandbox_loopback: bool,
    /// Attempts under way at once on this node.
    pub concurrency: usize,
    /// Attempts under way at once to one host.
    pub concurrency_per_host: usize,
}

/// A list of pauses: seconds, texts like `5s`, `5m`, `2h`, or one text with commas.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Schedule {
    /// A list.
    List(Vec<Pause>),
    /// One pause, or several with commas.
    One(Pause),
}

/// One pause.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Pause {
    /// Seconds.
    Seconds(u64),
    /// A number with `s`, `m`, `h` or `d`, or plain seconds.
    Text(String),
}

impl Schedule {
    /// The pauses; what cannot be read was refused when the configuration was loaded.
    #[must_use]
    pub fn pauses(&self) -> Vec<Duration> {
        self.parse().unwrap_or_default()
    }

    fn parse(&self) -> Option<Vec<Duration>> {
        let pauses = match self {
            Self::List(pauses) => pauses.as_slice(),
            Self::One(pause) => std::slice::from_ref(pause),
        };
        let mut parsed = Vec::new();
        for pause in pauses {
            match pause {
                Pause::Seconds(seconds) => parsed.push(Duration::from_secs(*seconds)),
                Pause::Text(text) => {
                    for part in text.split(',') {
                        parsed.push(duration(part.trim())?);
                    }
                }
            }
        }
        Some(parsed)
    }
}

fn duration(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        '0'..='9' => 0,
        _ => return None,
    };
    let digits = if unit == 0 { text } else { &text[..text.len() - 1] };
    let number: u64 = digits.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(unit.max(1))?))
}

impl Webhooks {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.retry_schedule.parse().is_none() {
            return Err(ConfigError::new(
                "webhooks.retry_schedule",
                "write pauses like [\"5s\", \"5m\", \"2h\"], or seconds.",
            ));
        }
        if !(1..=300).contains(&self.timeout_seconds) || self.concurrency == 0 || self.concurrency_per_host == 0 {
            return Err(ConfigError::new(
                "webhooks",
                "the time-out must be from 1 to 300 seconds, and both concurrencies greater than zero.",
            ));
        }
        Ok(())
    }
}
