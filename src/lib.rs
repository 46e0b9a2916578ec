//! Aboard: the server that brings users aboard. Start with `ARCHITECTURE.md`.

pub mod clock;
pub mod domain;
pub mod jobs;
pub mod outbound;
pub mod store;
