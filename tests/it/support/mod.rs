//! What the tests stand on.

pub mod calls;
pub mod database;
pub mod source;
pub mod store;
pub mod world;
