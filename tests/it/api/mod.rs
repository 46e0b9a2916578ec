//! Every operation of the API, through real HTTP.

mod arbitrary;
mod bad_input;
mod channels;
mod credentials;
mod hijacking;
mod issuers;
mod openapi;
pub mod partner;
mod power;
mod scopes;
mod takeover;
pub mod users;
mod wallet;
