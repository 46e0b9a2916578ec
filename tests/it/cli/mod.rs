//! The command line, as a person and a script use it: the real binary in a directory of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test may give up at once, and so may what it stands on"
)]

mod apps;
mod audit;
mod channels;
mod commands;
mod configuration;
mod dev;
mod doctor;
mod environment_settings;
mod events;
#[cfg(feature = "fakes")]
mod fake;
mod help;
mod key_services;
mod move_users;
mod place;
mod refusals;
mod requests;
mod sends;
mod serve;
mod server;
mod signing;
mod socket;
mod store;
mod users;
