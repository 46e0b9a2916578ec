//! The wallet surface.

mod auth;
