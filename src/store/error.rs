//! What can go wrong below an outcome.

/// A fault of the store. Outcomes that callers decide on are never errors.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The change may or may not have been made: a full disk, a lost connection, a time-out.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A statement failed for a reason that is a fault of ours.
    #[error("the store failed: {0}")]
    Fault(String),
    /// A setting is wrong; the text names it and says what to do.
    #[error("{0}")]
    Setting(String),
}

impl StoreError {
    /// A row that does not hold what the schema promises.
    pub(super) fn unreadable(what: &str) -> Self {
        Self::Fault(format!("unreadable value in column {what}"))
    }
}
