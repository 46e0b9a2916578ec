//! The wallet surface.

mod auth;
mod organization;
