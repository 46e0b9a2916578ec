//! The store's contract: every method and every outcome, on both engines.

mod accounts;
mod claims;
mod covered;
mod credentials;
mod deliveries;
mod exchange;
mod faults;
mod full_disk;
mod idempotency;
mod instance;
mod isolation;
mod keys;
mod leases;
mod links;
mod lost_connections;
mod opening;
mod organizations;
mod parity;
mod partner_users;
mod races;
mod sessions;
mod sweep;
mod texts;
mod user_keys;
mod users;
