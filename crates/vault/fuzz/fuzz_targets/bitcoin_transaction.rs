//! A transaction that was read names its coins by its own id.
#![no_main]

use aboard_vault::wallet::bitcoin::{PublicKey, RawTransaction};
use libfuzzer_sys::fuzz_target;

/// The key of BIP-84's vector.
const OWN: [u8; 33] = [
    3, 48, 213, 79, 208, 221, 66, 10, 110, 95, 141, 54, 36, 245, 243, 72, 44, 174, 53, 15, 121, 213, 240, 117, 59, 245,
    190, 239, 156, 45, 145, 175, 60,
];

fuzz_target!(|bytes: &[u8]| {
    let own = PublicKey::from_slice(&OWN).expect("it is a key");
    if let Some(read) = RawTransaction::parse(bytes) {
        for (vout, (to, value)) in (0..).zip(read.outputs()) {
            let coin = read.coin(vout, &own);
            assert_eq!(coin.is_some(), to == own.script());
            assert!(coin.is_none_or(|coin| (coin.txid, coin.value) == (read.txid(), value)));
        }
    }
});
