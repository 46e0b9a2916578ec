//! Faithful fakes of the services that Aboard talks to, with scripts: for tests and for trying things by hand.

mod receiver;

pub use receiver::{Answer, Receiver, Reply, Request};
