//! Messages and transactions have one encoding each.
#![no_main]

use aboard_vault::wallet::solana::{Message, Transaction};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Message::parse(bytes) {
        assert_eq!(message.to_bytes(), bytes);
        let _ = message.summary();
    }
    if let Ok(transaction) = Transaction::parse(bytes) {
        assert_eq!(transaction.to_bytes(), bytes);
        let _ = transaction.missing();
    }
});
