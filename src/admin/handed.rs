//! A secret on its way from the command line to the server.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A secret inside a command. It goes over the socket of the machine's own operator, and shows itself nowhere else.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handed(Zeroizing<String>);

impl Handed {
    /// Takes a secret over.
    #[must_use]
    pub fn new(secret: Zeroizing<String>) -> Self {
        Self(secret)
    }

    /// The secret.
    #[must_use]
    pub fn into_inner(self) -> Zeroizing<String> {
        self.0
    }
}

impl std::fmt::Debug for Handed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handed(…)")
    }
}
