//! The users surface.

mod delete;
mod events;
mod get;
mod inbox;
mod introspect;
mod link;
mod link_matching;
mod link_replay;
mod list;
mod log_out;
mod login_codes;
mod me;
mod notices;
mod put;
mod requests;
pub mod tokens;
mod verifications;
mod verifications_check;
mod webhooks;
