//! Work that no request waits for.

mod messages;
mod rig;
mod webhooks;
mod webhooks_load;
