//! The integration tests, one binary: its tree mirrors the URL tree and the store's areas.

mod cli;
mod directions;
mod jobs;
mod outbound;
mod store;
mod support;
