//! Work that no request waits for.

pub mod upkeep;
pub mod webhooks;
