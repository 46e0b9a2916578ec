//! The integration tests, one binary: its tree mirrors the URL tree and the store's areas.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod api;
mod chains;
mod channels;
mod cli;
mod directions;
mod http;
mod jobs;
mod outbound;
mod pages;
mod store;
mod support;
