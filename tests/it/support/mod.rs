//! What the tests stand on.

pub mod anvil;
pub mod app;
pub mod beside;
pub mod calls;
pub mod channels;
pub mod client;
pub mod codes;
pub mod copying;
pub mod database;
pub mod esplora;
pub mod hooks;
pub mod import;
pub mod join;
pub mod logins;
pub mod node;
pub mod reference;
pub mod sending;
pub mod solana;
pub mod source;
pub mod store;
pub mod token;
pub mod users;
pub mod valve;
pub mod wallets;
pub mod wire;
pub mod world;
