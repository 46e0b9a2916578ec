//! What a message in a sandbox's inbox holds: sealed by the job that keeps it, opened by whoever shows it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The content of a message.
#[derive(Serialize, Deserialize)]
pub struct InboxContent {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The whole text.
    pub text: Zeroizing<String>,
    /// The code in it.
    pub code: Zeroizing<String>,
}

impl InboxContent {
    /// Reads what was sealed; `None` if it is something else.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// What is sealed.
    #[must_use]
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }
}
