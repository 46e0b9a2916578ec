//! Work that no request waits for.

pub mod messages;
pub mod sends;
pub mod upkeep;
pub mod webhooks;
