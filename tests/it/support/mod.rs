//! What the tests stand on.

pub mod app;
pub mod beside;
pub mod calls;
pub mod client;
pub mod codes;
pub mod database;
pub mod import;
pub mod logins;
pub mod node;
pub mod reference;
pub mod source;
pub mod store;
pub mod token;
pub mod users;
pub mod wallets;
pub mod wire;
pub mod world;
