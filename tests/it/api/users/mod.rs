//! `/v1/…`

mod login_codes;
mod requests;
