//! Work that no request waits for.

mod rig;
mod webhooks;
mod webhooks_load;
