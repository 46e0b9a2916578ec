//! A document is read whole or refused, and two readings agree.
#![no_main]

use aboard_vault::wallet::evm::TypedData;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let first = TypedData::parse(text);
    assert_eq!(first, TypedData::parse(text));
});
