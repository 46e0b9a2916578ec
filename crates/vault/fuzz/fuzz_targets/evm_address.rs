//! An address prints as one that reads as the same.
#![no_main]

use aboard_vault::wallet::evm::parse_address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(address) = parse_address(text) {
        assert_eq!(parse_address(&address.to_string()), Ok(address));
    }
});
