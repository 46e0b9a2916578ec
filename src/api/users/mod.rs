//! The users surface: `/v1/…`, answers in an envelope.

pub mod envelope;
pub mod login_codes;
pub mod requests;
