//! Times as the API and its events write them.

/// A time in UTC with `Z` and whole seconds: `2026-01-15T10:30:00Z`.
#[must_use]
pub fn whole_seconds(time: jiff::Timestamp) -> String {
    format!("{time:.0}")
}
