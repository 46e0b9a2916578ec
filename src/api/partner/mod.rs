//! The partner surface: `/api/v1/…`, bare objects, errors as `{"errors":[…],"message":…}`.

pub mod api_key;
pub mod api_keys;
pub mod embedded_check_user;
pub mod external_login;
pub mod login;
pub mod revoke_api_key;
pub mod tenant_details;

use crate::store::PartnerScope;
use crate::web::Caller;

/// Whose `Idempotency-Key` it is.
fn caller(scope: &PartnerScope) -> Caller {
    Caller {
        environment: scope.environment(),
        credential: scope.key().0,
        subject: None,
    }
}
