//! Any columns are read without a panic, and open nothing.
#![no_main]

use std::sync::LazyLock;

use aboard_vault::{
    KeyFile, SystemEntropy,
    wallet::{Place, SealedWallet},
};
use libfuzzer_sys::fuzz_target;

static KMS: LazyLock<KeyFile> = LazyLock::new(|| KeyFile::generate(&SystemEntropy));

fuzz_target!(|columns: (Vec<u8>, Vec<u8>)| {
    let place = Place { environment: [1; 16], user: [2; 16], wallet: [3; 16] };
    if let Ok(wallet) = SealedWallet::from_columns(columns.0, columns.1) {
        assert!(wallet.open(&*KMS, &place, None).is_err());
    }
});
