//! Idempotency keys: recorded by the write verb itself, in its own transaction.

use jiff::Timestamp;

/// An `Idempotency-Key` as a verb takes it. `id` is a hash over environment, credential, method, path and key.
#[derive(Debug, Clone)]
pub struct IdempotencyClaim {
    /// What the key is looked up by.
    pub id: [u8; 32],
    /// SHA-256 of the request body: the same key with another one is a mismatch.
    pub request_hash: [u8; 32],
    /// When the key may be used anew (24 h).
    pub expires_at: Timestamp,
}
