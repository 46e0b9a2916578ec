//! What the tests stand on.

pub mod app;
pub mod calls;
pub mod client;
pub mod database;
pub mod source;
pub mod store;
pub mod world;
