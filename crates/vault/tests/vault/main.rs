//! One binary for all tests of the public surface.

mod hash;
mod kms;
mod no_leaks;
mod root_key;
mod sign;
mod support;
mod vault;
