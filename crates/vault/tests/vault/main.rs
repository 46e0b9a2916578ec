//! One binary for all tests of the public surface.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod hash;
mod kms;
mod no_leaks;
mod remote;
mod root_key;
mod sign;
mod support;
mod token_key;
mod vault;
mod wallet;
