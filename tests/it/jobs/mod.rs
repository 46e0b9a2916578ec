//! Work that no request waits for.

mod messages;
mod rig;
mod sends;
mod webhooks;
mod webhooks_load;
