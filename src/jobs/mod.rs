//! Work that no request waits for.

pub mod messages;
pub mod upkeep;
pub mod webhooks;
