//! Work that no request waits for.

mod messages;
mod notices;
mod rig;
mod sends;
mod silent_nodes;
mod webhooks;
mod webhooks_kills;
mod webhooks_load;
