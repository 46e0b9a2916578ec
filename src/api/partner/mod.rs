//! The partner surface: `/api/v1/…`, bare objects, errors as `{"errors":[…],"message":…}`.

pub mod api_key;
pub mod embedded_check_user;
pub mod external_login;
pub mod login;
pub mod tenant_details;
