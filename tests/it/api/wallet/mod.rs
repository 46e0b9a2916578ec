//! The wallet surface.

mod account;
mod auth;
mod organization;
mod stolen;
#[expect(clippy::module_inception, reason = "the directory is named as the URL is")]
mod wallet;
