//! A PSBT that was read adds up.
#![no_main]

use aboard_vault::wallet::bitcoin::{Payment, PublicKey};
use libfuzzer_sys::fuzz_target;

/// The key of BIP-84's vector.
const OWN: [u8; 33] = [
    3, 48, 213, 79, 208, 221, 66, 10, 110, 95, 141, 54, 36, 245, 243, 72, 44, 174, 53, 15, 121, 213, 240, 117, 59, 245,
    190, 239, 156, 45, 145, 175, 60,
];

fuzz_target!(|bytes: &[u8]| {
    let own = PublicKey::from_slice(&OWN).expect("it is a key");
    if let Ok(payment) = Payment::parse(bytes, &own) {
        let summary = payment.summary();
        let spent: u64 = summary.inputs.iter().map(|input| input.value).sum();
        let paid: u64 = summary.outputs.iter().map(|output| output.value).sum();
        assert_eq!(spent, paid + summary.fee);
    }
});
