//! `/api/v1/…`

mod api_key;
mod api_keys;
mod embedded_check_user;
mod external_login;
mod idempotency;
pub mod login;
mod no_oracle;
mod revoke_api_key;
mod tenant_details;
mod webhook;
mod who_is_it;
