//! Calls to addresses that the operator did not write down: webhooks, and whatever organizations set.
//!
//! [`guard`] decides where such a call may go, [`resolve`] applies it to every address that a name resolves to,
//! each time a connection is made, and [`client`] makes the call: no redirects, no proxy, bounded time and size.
//! [`fetch`] reads what others publish. [`dial`] makes the connections of what is not HTTP. `trust` says
//! whose certificates count, for the operator's own services as well.

pub mod client;
pub mod dial;
pub mod fetch;
pub mod guard;
pub mod resolve;
mod trust;

pub use client::{Answer, Outbound, OutboundOptions, SendError};
pub use fetch::Fetched;
pub use guard::{Guard, GuardRules};
pub(crate) use trust::trusting;
