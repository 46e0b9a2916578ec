//! `/v1/…`

mod introspect;
mod login_codes;
pub mod tokens;
