//! An address prints as it was written.
#![no_main]

use aboard_vault::wallet::solana::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(address) = Address::parse(text) {
        assert_eq!(address.to_string(), text);
    }
});
