//! The users surface: `/v1/…`, answers in an envelope.

pub mod envelope;
pub mod introspect;
pub mod login_codes;
pub mod tokens;
