//! Arguments that several commands share.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::settings::Settings;

/// A year: no overlap is longer.
const LONGEST_OVERLAP: u32 = 366 * 86_400;

/// The environment that something is made in.
#[derive(Args)]
pub struct In {
    /// sandbox or production, or the env_… id of one if there are several organizations
    #[arg(long, value_name = "ENV")]
    pub environment: String,
}

/// The environment of something that has an id of its own.
#[derive(Args)]
pub struct InAny {
    /// sandbox, production, or an env_… id [default: wherever the user is]
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
}

/// What a list shows.
#[derive(Args)]
pub struct List {
    /// Only those of one environment: sandbox, production, or an env_… id
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
}

/// How long an old key or secret goes on beside the new one.
#[derive(Args)]
pub struct Overlap {
    /// How long the old one goes on: 30m, 24h, 7d, or 0s to end it at once
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = seconds)]
    pub overlap: u32,
}

/// A number with a unit, in seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || "write a number with s, m, h or d, like 24h, at most 366d".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).filter(|seconds| *seconds <= LONGEST_OVERLAP);
    seconds.ok_or_else(wrong)
}

/// A time, or a day, which begins at midnight in UTC.
pub fn time(text: &str) -> Result<Timestamp, String> {
    // A day's parser would also take a time without its zone.
    let day = || {
        let day: Date = text.parse().ok().filter(|_| text.len() == "2027-01-01".len())?;
        day.to_zoned(TimeZone::UTC).ok()
    };
    let time = text.parse::<Timestamp>().ok().or_else(|| Some(day()?.timestamp()));
    time.ok_or_else(|| "write a time like 2027-01-01T00:00:00Z, or a day like 2027-01-01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_and_times() {
        for (text, read) in [
            ("0s", 0),
            ("90s", 90),
            ("30m", 1_800),
            ("24h", 86_400),
            ("366d", LONGEST_OVERLAP),
        ] {
            assert_eq!(seconds(text), Ok(read));
        }
        for wrong in ["", "24", "h", "-1h", "1.5h", "367d", "99999999999d", "1é"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(time("2027-01-01"), time("2027-01-01T00:00:00Z"));
        assert_eq!(time("2027-01-01T02:00:00+02:00"), time("2027-01-01"));
        for wrong in ["", "soon", "2027-01-01T00:00:00", "2027-13-01"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
