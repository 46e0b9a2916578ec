//! What an environment demands of its users.

use super::Web;
use crate::domain::{EnvironmentId, RequiredProofs};

/// The proofs that an environment demands. No environment can ask for any yet.
#[must_use]
pub fn required_proofs(_: &Web, _: EnvironmentId) -> RequiredProofs {
    RequiredProofs::default()
}
