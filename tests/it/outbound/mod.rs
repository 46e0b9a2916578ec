//! Calls to addresses that are not the operator's own.

mod guard;
