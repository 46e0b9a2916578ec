//! The users surface.

mod delete;
mod get;
mod link;
mod list;
mod login_codes;
mod me;
mod put;
