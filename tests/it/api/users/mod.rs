//! `/v1/…`

mod introspect;
mod login_codes;
mod requests;
pub mod tokens;
