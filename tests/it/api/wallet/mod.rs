//! The wallet surface.

mod account;
mod auth;
pub mod devices;
mod organization;
mod stolen;
#[expect(clippy::module_inception, reason = "the directory is named as the URL is")]
mod wallet;
