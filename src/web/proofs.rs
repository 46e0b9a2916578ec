//! What an environment demands of its users.

use super::Web;
use crate::config::Proof;
use crate::domain::{EnvironmentId, RequiredProofs};

/// The proofs that an environment demands: its setting `users.required_proofs`.
#[must_use]
pub fn required_proofs(web: &Web, environment: EnvironmentId) -> RequiredProofs {
    let settings = web.instance.settings.of(environment);
    let demands = |proof| settings.users.required_proofs.contains(&proof);
    RequiredProofs {
        email: demands(Proof::Email),
        phone: demands(Proof::Phone),
        kyc: demands(Proof::Kyc),
    }
}
