//! What a message in a sandbox's inbox holds: sealed by the job that keeps it, opened by whoever shows it.

use aboard_vault::Vault;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::EnvironmentId;
use crate::sealed;
use crate::store::InboxMessage;

/// The content of a message.
#[derive(Serialize, Deserialize)]
pub struct InboxContent {
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The whole text.
    pub text: Zeroizing<String>,
    /// The code in it; a notice has none.
    #[serde(default)]
    pub code: Option<Zeroizing<String>>,
}

impl InboxContent {
    /// Opens a message that was kept.
    ///
    /// # Errors
    /// Says for the log what is wrong with it.
    pub fn open(vault: &Vault, environment: EnvironmentId, message: &InboxMessage) -> Result<Self, &'static str> {
        let place = sealed::inbox(environment, message.id);
        let opened = vault.open(&place, &message.sealed);
        let opened = opened.map_err(|_| "a message of the inbox cannot be opened")?;
        Self::read(opened.expose()).ok_or("a message of the inbox cannot be read")
    }

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
